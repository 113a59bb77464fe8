//! The IDX format of MNIST: a big-endian header, then unsigned bytes, the last index fastest.

use super::stream::{damaged, fill, refuse_more};
use crate::error::Result;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Reads an IDX file of unsigned bytes from any stream, item after item, without holding more than was asked for.
///
/// Header: two zero bytes, 8 (unsigned byte), the number of dimensions $d$, then $d$ sizes of four bytes each, big-endian. The first
/// size counts the items: 2051 is the magic number of images ($n \times h \times w$), 2049 that of labels ($n$).
///
/// Nothing is believed of the header beyond what the stream then holds: memory grows with the bytes that are there.
///
/// ```
/// use scurve::task::image::IdxReader;
/// let bytes = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 11, 12, 20, 21, 22];
/// let mut reader = IdxReader::new(&bytes[..], "two rows")?;
/// assert_eq!(reader.dims(), [2, 1, 3]);
/// assert_eq!(reader.next_items(1)?.unwrap(), [10, 11, 12]);
/// assert_eq!(reader.next_items(9)?.unwrap(), [20, 21, 22]);
/// assert!(reader.next_items(1)?.is_none());
///
/// let cut = IdxReader::new(&bytes[..20], "cut").and_then(IdxReader::read_all);
/// assert!(cut.unwrap_err().to_string().contains("4 of 6 bytes"));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Debug)]
pub struct IdxReader<R> {
    source: R,
    name: PathBuf,
    dims: Vec<usize>,
    item: usize,
    left: usize,
}

impl<R: Read> IdxReader<R> {
    /// Reads the header. `name` is for messages: the file's path.
    ///
    /// # Errors
    /// A stream that does not begin as IDX of unsigned bytes, one to four dimensions, none of them 0; one that cannot be read.
    pub fn new(mut source: R, name: impl AsRef<Path>) -> Result<Self> {
        let name = name.as_ref().to_path_buf();
        let magic = fill(&mut source, 4, &name)?;
        if magic.len() < 4 || magic[..3] != [0, 0, 8] || !(1..=4).contains(&magic[3]) {
            return Err(damaged(
                &name,
                format!(
                    "begins with {magic:?}, not as an IDX file of unsigned bytes (0, 0, 8, 1 to 4)"
                ),
            ));
        }
        let count = usize::from(magic[3]);
        let sizes = fill(&mut source, 4 * count, &name)?;
        if sizes.len() < 4 * count {
            return Err(damaged(&name, "ends within its header".into()));
        }
        let dims: Vec<usize> = sizes
            .chunks_exact(4)
            .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize)
            .collect();
        let total = dims
            .iter()
            .try_fold(1usize, |product, size| product.checked_mul(*size));
        match total {
            Some(1..) => {}
            _ => {
                let why = format!(
                    "its header says {dims:?}; all sizes must be ≥ 1 and their product a size"
                );
                return Err(damaged(&name, why));
            }
        }
        Ok(Self {
            source,
            name,
            item: dims[1..].iter().product(),
            left: dims[0],
            dims,
        })
    }

    /// The sizes, number of items first.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The bytes of the next `count` items, or of those that are left; none after the last.
    ///
    /// # Errors
    /// `count` is 0; the stream ends before its last item, or, after the last, goes on.
    pub fn next_items(&mut self, count: usize) -> Result<Option<Vec<u8>>> {
        super::stream::some_items(count)?;
        if self.left == 0 {
            return Ok(None);
        }
        let take = count.min(self.left);
        let bytes = fill(&mut self.source, take * self.item, &self.name)?;
        if bytes.len() < take * self.item {
            let total = self.dims[0] * self.item;
            let found = total - self.left * self.item + bytes.len();
            let dims = &self.dims;
            let why = format!("holds {found} of {total} bytes that its header {dims:?} promises");
            return Err(damaged(&self.name, why));
        }
        self.left -= take;
        if self.left == 0 {
            refuse_more(&mut self.source, &self.name)?;
        }
        Ok(Some(bytes))
    }

    /// The sizes and all bytes that are left.
    ///
    /// # Errors
    /// As [`next_items`](Self::next_items).
    pub fn read_all(mut self) -> Result<(Vec<usize>, Vec<u8>)> {
        let bytes = self.next_items(usize::MAX)?.unwrap_or_default();
        Ok((self.dims, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A valid file of these sizes and bytes.
    fn file(dims: &[usize], bytes: &[u8]) -> Vec<u8> {
        let mut file = vec![0, 0, 8, dims.len() as u8];
        for size in dims {
            file.extend((*size as u32).to_be_bytes());
        }
        file.extend(bytes);
        file
    }

    fn read(bytes: &[u8]) -> Result<(Vec<usize>, Vec<u8>)> {
        IdxReader::new(bytes, "test").and_then(IdxReader::read_all)
    }

    #[test]
    fn bad_files_are_refused_one_by_one() {
        let good = file(&[3, 2], &[1, 2, 3, 4, 5, 6]);
        assert_eq!(read(&good).unwrap(), (vec![3, 2], vec![1, 2, 3, 4, 5, 6]));
        let refused = |bytes: &[u8], part: &str| {
            let message = read(bytes).unwrap_err().to_string();
            assert!(
                message.contains(part) && message.starts_with("test"),
                "{message}"
            );
        };
        refused(&[], "begins with []");
        refused(&[0, 0, 9, 1], "begins with [0, 0, 9, 1]"); // signed bytes
        refused(&[0, 0, 8, 0], "begins with [0, 0, 8, 0]");
        refused(&[0, 0, 8, 5], "begins with [0, 0, 8, 5]");
        refused(&good[..10], "within its header");
        refused(&file(&[0, 2], &[]), "header says [0, 2]");
        let vast = u32::MAX as usize;
        refused(
            &file(&[vast, vast, vast], &[]),
            "must be ≥ 1 and their product",
        );
        // A header that promises 16 GB costs no memory.
        refused(
            &file(&[vast, 4], &[1, 2, 3]),
            "holds 3 of 17179869180 bytes",
        );
        refused(&good[..good.len() - 1], "holds 5 of 6 bytes");
        let mut long = good.clone();
        long.push(0);
        refused(&long, "goes on after its last");
        let zero = IdxReader::new(&good[..], "test").unwrap().next_items(0);
        assert!(zero.unwrap_err().to_string().contains("count = 0"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok((dims, data)) = read(&bytes) {
                prop_assert_eq!(dims.iter().product::<usize>(), data.len());
            }
        }

        /// With a plausible start, so that the sizes are reached.
        #[test]
        fn arbitrary_sizes_never_panic(count in 0u8..6, bytes in prop::collection::vec(0u8..4, 0..60)) {
            let mut file = vec![0, 0, 8, count];
            file.extend(bytes);
            if let Ok((dims, data)) = read(&file) {
                prop_assert_eq!(dims.iter().product::<usize>(), data.len());
            }
        }

        #[test]
        fn a_cut_or_a_longer_file_is_refused(dims in prop::collection::vec(1usize..5, 1..4), cut in 1usize..40, seed in any::<u8>()) {
            let total: usize = dims.iter().product();
            let bytes: Vec<u8> = (0..total).map(|i| seed.wrapping_add(i as u8)).collect();
            let whole = file(&dims, &bytes);
            prop_assert_eq!(read(&whole).unwrap(), (dims, bytes));
            let keep = whole.len().saturating_sub(cut);
            prop_assert!(read(&whole[..keep]).is_err());
            let mut longer = whole;
            longer.extend(vec![seed; cut]);
            prop_assert!(read(&longer).is_err());
        }

        /// One changed byte: refused, or a file of as many bytes as its sizes say.
        #[test]
        fn mutations_never_give_wrong_counts(at in 0usize..28, value in any::<u8>()) {
            let mut bytes = file(&[4, 2, 2], &[7; 16]);
            bytes[at.min(31)] = value;
            if let Ok((dims, data)) = read(&bytes) {
                prop_assert_eq!(dims.iter().product::<usize>(), data.len());
            }
        }

        #[test]
        fn pieces_are_the_whole(dims in prop::collection::vec(1usize..6, 1..4), piece in 1usize..7) {
            let total: usize = dims.iter().product();
            let bytes: Vec<u8> = (0..total).map(|i| i as u8).collect();
            let whole = file(&dims, &bytes);
            let mut reader = IdxReader::new(&whole[..], "test").unwrap();
            let mut joined = Vec::new();
            while let Some(items) = reader.next_items(piece).unwrap() {
                prop_assert!(items.len() <= piece * total / dims[0]);
                joined.extend(items);
            }
            prop_assert_eq!(joined, bytes);
        }
    }
}
