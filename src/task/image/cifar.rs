//! The binary format of CIFAR: records of labels and 3 × 32 × 32 bytes, red, green, blue, row by row. There is no header.

use super::stream::{damaged, fill, some_items};
use crate::error::Result;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of one picture.
pub(super) const PICTURE: usize = 3 * 32 * 32;

/// Which label of a record counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CifarLabel {
    /// CIFAR-10: one label, 0 to 9.
    Ten,
    /// CIFAR-100: the second label, 0 to 99.
    Fine,
    /// CIFAR-100: the first label, 0 to 19.
    Coarse,
}

impl CifarLabel {
    /// Number of classes.
    pub fn classes(self) -> usize {
        match self {
            Self::Ten => 10,
            Self::Fine => 100,
            Self::Coarse => 20,
        }
    }

    /// The largest value of each label byte, and which of them counts.
    fn bytes(self) -> (&'static [u8], usize) {
        match self {
            Self::Ten => (&[9], 0),
            Self::Fine => (&[19, 99], 1),
            Self::Coarse => (&[19, 99], 0),
        }
    }
}

/// Reads CIFAR records from any stream, record after record.
///
/// ```
/// use scurve::task::image::{CifarLabel, CifarReader};
/// let mut record = vec![3];
/// record.extend([128; 3072]);
/// let (labels, pixels) = CifarReader::new(&record[..], CifarLabel::Ten, "one record").read_all()?;
/// assert_eq!((labels[0], pixels.len()), (3, 3072));
///
/// let cut = CifarReader::new(&record[..3000], CifarLabel::Ten, "cut").read_all();
/// assert!(cut.unwrap_err().to_string().contains("record 0 has 3000 of 3073 bytes"));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Debug)]
pub struct CifarReader<R> {
    source: R,
    label: CifarLabel,
    name: PathBuf,
    read: usize,
}

impl<R: Read> CifarReader<R> {
    /// A reader that starts at a record. `name` is for messages: the file's path.
    pub fn new(source: R, label: CifarLabel, name: impl AsRef<Path>) -> Self {
        Self {
            source,
            label,
            name: name.as_ref().to_path_buf(),
            read: 0,
        }
    }

    /// Labels and pixels of the next `count` records, or of those that are left; none after the last.
    ///
    /// # Errors
    /// `count` is 0; a record that is cut; a label out of range, which is what a file of the other format looks like.
    pub fn next_items(&mut self, count: usize) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        some_items(count)?;
        let (largest, which) = self.label.bytes();
        let record = largest.len() + PICTURE;
        let bytes = fill(&mut self.source, count.saturating_mul(record), &self.name)?;
        let records = bytes.chunks_exact(record);
        let rest = records.remainder().len();
        let mut labels = Vec::with_capacity(bytes.len() / record);
        let mut pixels = Vec::with_capacity(bytes.len() / record * PICTURE);
        for (i, bytes) in records.enumerate() {
            let (head, picture) = bytes.split_at(largest.len());
            if let Some((found, largest)) = head.iter().zip(largest).find(|(f, l)| f > l) {
                let at = self.read + i;
                let why = format!(
                    "the label of record {at} is {found}, and the largest is {largest}: a file of another format?"
                );
                return Err(damaged(&self.name, why));
            }
            labels.push(head[which]);
            pixels.extend_from_slice(picture);
        }
        self.read += labels.len();
        if rest > 0 {
            let why = format!("record {} has {rest} of {record} bytes", self.read);
            return Err(damaged(&self.name, why));
        }
        Ok((!labels.is_empty()).then_some((labels, pixels)))
    }

    /// Labels and pixels of all records that are left.
    ///
    /// # Errors
    /// As [`next_items`](Self::next_items), and an empty file.
    pub fn read_all(mut self) -> Result<(Vec<u8>, Vec<u8>)> {
        self.next_items(usize::MAX)?
            .ok_or_else(|| damaged(&self.name, "is empty".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(heads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (i, head) in heads.iter().enumerate() {
            bytes.extend_from_slice(head);
            bytes.extend((0..PICTURE).map(|j| (i + j) as u8));
        }
        bytes
    }

    fn read(bytes: &[u8], label: CifarLabel) -> Result<(Vec<u8>, Vec<u8>)> {
        CifarReader::new(bytes, label, "test").read_all()
    }

    #[test]
    fn both_formats_and_both_labels() {
        let ten = records(&[&[9], &[0]]);
        let (labels, pixels) = read(&ten, CifarLabel::Ten).unwrap();
        assert_eq!(
            (labels, pixels.len(), pixels[PICTURE]),
            (vec![9, 0], 2 * PICTURE, 1)
        );
        let hundred = records(&[&[19, 99], &[2, 40]]);
        assert_eq!(read(&hundred, CifarLabel::Fine).unwrap().0, [99, 40]);
        assert_eq!(read(&hundred, CifarLabel::Coarse).unwrap().0, [19, 2]);
        assert_eq!(CifarLabel::Coarse.classes(), 20);
    }

    #[test]
    fn bad_files_are_refused_one_by_one() {
        let refused = |bytes: &[u8], label, part: &str| {
            let message = read(bytes, label).unwrap_err().to_string();
            assert!(
                message.contains(part) && message.starts_with("test"),
                "{message}"
            );
        };
        refused(&[], CifarLabel::Ten, "is empty");
        refused(
            &records(&[&[1], &[10]]),
            CifarLabel::Ten,
            "label of record 1 is 10",
        );
        refused(&records(&[&[20, 0]]), CifarLabel::Fine, "largest is 19");
        refused(&records(&[&[0, 100]]), CifarLabel::Coarse, "largest is 99");
        let mut long = records(&[&[1]]);
        long.push(4);
        refused(&long, CifarLabel::Ten, "record 1 has 1 of 3073 bytes");
        refused(&records(&[&[1]]), CifarLabel::Fine, "3073 of 3074");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_stream_gives_whole_records_or_an_error(len in 0usize..10_000, fill in any::<u8>(), at in any::<prop::sample::Index>(), value in any::<u8>()) {
            let mut bytes = vec![fill; len];
            if len > 0 {
                *at.get_mut(&mut bytes) = value;
            }
            for label in [CifarLabel::Ten, CifarLabel::Fine, CifarLabel::Coarse] {
                let record = label.bytes().0.len() + PICTURE;
                match read(&bytes, label) {
                    Ok((labels, pixels)) => {
                        prop_assert_eq!(labels.len() * record, len);
                        prop_assert_eq!(labels.len() * PICTURE, pixels.len());
                        prop_assert!(labels.iter().all(|l| usize::from(*l) < label.classes()));
                    }
                    Err(e) => {
                        let corrupt = matches!(e, crate::error::Error::Corrupt { .. });
                        prop_assert!(corrupt, "{}", e);
                    }
                }
            }
        }

        #[test]
        fn pieces_are_the_whole(count in 1usize..6, piece in 1usize..7) {
            let heads: Vec<[u8; 1]> = (0..count).map(|i| [i as u8]).collect();
            let heads: Vec<&[u8]> = heads.iter().map(|h| &h[..]).collect();
            let bytes = records(&heads);
            let (labels, pixels) = read(&bytes, CifarLabel::Ten).unwrap();
            let mut reader = CifarReader::new(&bytes[..], CifarLabel::Ten, "test");
            let mut joined = (Vec::new(), Vec::new());
            while let Some((l, p)) = reader.next_items(piece).unwrap() {
                prop_assert!(l.len() <= piece);
                joined.0.extend(l);
                joined.1.extend(p);
            }
            prop_assert_eq!(joined, (labels, pixels));
        }
    }
}
