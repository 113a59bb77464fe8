//! Files out of a tar archive.

use super::set::SetFile;
use super::stream::{self, damaged, failed};
use crate::error::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Writes the wanted files of a tar archive into `folder`, by their base names; everything else is skipped.
pub(super) fn unpack(
    archive: &mut impl Read,
    name: &Path,
    wanted: &[SetFile],
    folder: &Path,
) -> Result<()> {
    let mut found = 0;
    loop {
        let header = stream::fill(archive, 512, name)?;
        // An archive ends with blocks of zeros, or by ending.
        if header.len() < 512 || header.iter().all(|b| *b == 0) {
            break;
        }
        let text = |range: std::ops::Range<usize>| {
            let field = &header[range];
            let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).trim().to_string()
        };
        let size = u64::from_str_radix(&text(124..136), 8)
            .ok()
            .filter(|size| *size < 1 << 32)
            .ok_or_else(|| damaged(name, "is not a tar archive".into()))?;
        let path = text(0..100);
        let base = path.rsplit('/').next().unwrap_or_default();
        let file = wanted.iter().find(|f| f.name == base);
        let plain = matches!(header[156], 0 | b'0');
        let mut content = (&mut *archive).take(size);
        let copied = match file.filter(|_| plain) {
            Some(file) => {
                found += 1;
                let to = folder.join(file.name);
                let mut out = File::create(&to).map_err(|e| Error::io(&to, e))?;
                std::io::copy(&mut content, &mut out)
            }
            None => std::io::copy(&mut content, &mut std::io::sink()),
        };
        if copied.map_err(|e| failed(name, e))? < size {
            return Err(damaged(name, format!("ends within {path}")));
        }
        stream::fill(archive, (512 - size % 512) as usize % 512, name)?;
    }
    match found == wanted.len() {
        true => Ok(()),
        false => Err(damaged(
            name,
            format!("holds {found} of the {} files of the set", wanted.len()),
        )),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    const WANTED: [SetFile; 2] = [
        SetFile {
            name: "a.bin",
            sha256: "",
        },
        SetFile {
            name: "b.bin",
            sha256: "",
        },
    ];

    /// A tar archive as `tar` writes it, without checksums, which nobody here compares: the whole archive's hash is known.
    pub fn tar(files: &[(&str, u8, usize)]) -> Vec<u8> {
        let mut archive = Vec::new();
        for (name, kind, size) in files {
            let mut header = [0u8; 512];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[124..136].copy_from_slice(format!("{size:011o} ").as_bytes());
            header[156] = *kind;
            archive.extend(header);
            archive.extend((0..*size).map(|i| i as u8));
            archive.resize(archive.len().next_multiple_of(512), 0);
        }
        archive.extend([0; 1024]);
        archive
    }

    fn unpacked(archive: &[u8]) -> Result<Vec<Vec<u8>>> {
        let folder = tempfile::tempdir().unwrap();
        unpack(
            &mut &archive[..],
            Path::new("archive"),
            &WANTED,
            folder.path(),
        )?;
        Ok(WANTED
            .iter()
            .map(|f| fs::read(folder.path().join(f.name)).unwrap())
            .collect())
    }

    #[test]
    fn wanted_files_come_out_of_an_archive() {
        let files = [
            ("d/", b'5', 0),
            ("d/b.bin", b'0', 700),
            ("d/readme", b'0', 3),
            ("d/a.bin", 0, 512),
        ];
        let out = unpacked(&tar(&files)).unwrap();
        assert_eq!(
            (out[0].len(), out[1].len(), out[1][699]),
            (512, 700, (699 % 256) as u8)
        );
        let refused = |archive: &[u8], part: &str| {
            let message = unpacked(archive).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        refused(&tar(&files[..3]), "1 of the 2 files");
        refused(&tar(&files)[..1500], "ends within d/b.bin");
        refused(&[b'x'; 600], "not a tar archive");
        refused(&[], "0 of the 2 files");
        // A link of that name is no file.
        refused(
            &tar(&[("a.bin", b'2', 0), ("b.bin", b'0', 1)]),
            "1 of the 2 files",
        );
    }

    proptest! {
        #[test]
        fn no_archive_panics(at in 0usize..2048, value in any::<u8>(), keep in 0usize..4096) {
            let mut archive = tar(&[("a.bin", b'0', 100), ("b.bin", b'0', 600)]);
            archive[at] = value;
            archive.truncate(keep);
            let _ = unpacked(&archive);
        }
    }
}
