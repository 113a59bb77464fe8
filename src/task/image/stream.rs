//! Reading files that may be compressed, cut or something else, with the SHA-256 of what they hold.

use crate::error::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// `path` is not what it should be.
pub(super) fn damaged(path: &Path, why: String) -> Error {
    Error::Corrupt {
        path: path.to_path_buf(),
        why,
        aside: None,
    }
}

/// A failure of reading: of the system, or of a damaged compression.
pub(super) fn failed(path: &Path, error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            damaged(path, format!("its gzip data is damaged or cut ({error})"))
        }
        _ => Error::io(path, error),
    }
}

/// Refuses a request for no items, which would never come to an end.
pub(super) fn some_items(count: usize) -> Result<()> {
    match count {
        0 => Err(Error::setting("count", 0, "a whole number ≥ 1")),
        _ => Ok(()),
    }
}

/// Up to `count` bytes; fewer only where the stream ends. Memory grows with what is there.
pub(super) fn fill(source: &mut impl Read, count: usize, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(count.min(1 << 20));
    source
        .take(count as u64)
        .read_to_end(&mut bytes)
        .map_err(|e| failed(path, e))?;
    Ok(bytes)
}

/// Refuses bytes after the last item. Reading to the end also has gzip's own checksum compared.
pub(super) fn refuse_more(source: &mut impl Read, path: &Path) -> Result<()> {
    match fill(source, 1, path)?.is_empty() {
        true => Ok(()),
        false => Err(damaged(path, "goes on after its last item".into())),
    }
}

/// A stream and the SHA-256 of what was read from it.
pub(super) struct Hashed<R> {
    source: R,
    sha: Sha256,
}

impl<R: Read> Hashed<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            sha: Sha256::new(),
        }
    }

    /// In hexadecimal digits, of everything read.
    pub(super) fn digest(self) -> String {
        self.sha
            .finalize()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect()
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.sha.update(&buffer[..count]);
        Ok(count)
    }
}

/// The decompressed content of a file, whether it is gzip or not (by its first two bytes, whatever its name).
pub(super) fn open(path: &Path) -> Result<Hashed<Box<dyn Read>>> {
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    let start = file.fill_buf().map_err(|e| Error::io(path, e))?;
    let content: Box<dyn Read> = match start.starts_with(&[0x1f, 0x8b]) {
        true => Box::new(MultiGzDecoder::new(file)),
        false => Box::new(file),
    };
    Ok(Hashed::new(content))
}

/// The SHA-256 of a file's decompressed content.
pub(super) fn digest(path: &Path) -> Result<String> {
    let mut content = open(path)?;
    std::io::copy(&mut content, &mut std::io::sink()).map_err(|e| failed(path, e))?;
    Ok(content.digest())
}

/// The SHA-256 of a file as it is.
pub(super) fn digest_as_is(path: &Path) -> Result<String> {
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    let mut content = Hashed::new(file);
    std::io::copy(&mut content, &mut std::io::sink()).map_err(|e| Error::io(path, e))?;
    Ok(content.digest())
}
