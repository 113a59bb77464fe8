//! Making token files of text files.

use super::vocabulary::read_string;
use super::{Vocabulary, empty, read_text};
use crate::error::{Error, Result};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What [`prepare`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Tokens in the file for training.
    pub train: u64,
    /// Tokens in the file for validation, 0 without one.
    pub validation: u64,
}

/// Writes the tokens of text files, one after the other, as a token file; the last `share` of the tokens of each text to a second file where one is named.
/// Where the vocabulary has a token for the end of a text, it follows each text, in both files. Files appear whole or not at all. A name that ends in `.gz` is decompressed.
///
/// # Errors
/// No text; a text that is not there or empty, or not UTF-8 where tokens are pieces; a share outside (0, 1); a file that cannot be written.
///
/// ```
/// use scurve::task::tokens::{Tokens, Vocabulary, prepare};
/// let folder = tempfile::tempdir().unwrap();
/// let (text, train) = (folder.path().join("a.txt"), folder.path().join("train.bin"));
/// std::fs::write(&text, "abracadabra").unwrap();
/// let done = prepare(&[text], &Vocabulary::Bytes, &train, None)?;
/// assert_eq!(done.train, 11);
/// assert_eq!(Tokens::read(&train, 256)?.len(), 11);
/// # Ok::<(), scurve::error::Error>(())
/// ```
pub fn prepare(
    texts: &[PathBuf],
    vocabulary: &Vocabulary,
    to: &Path,
    validation: Option<(&Path, f64)>,
) -> Result<Prepared> {
    if texts.is_empty() {
        return Err(Error::setting("texts", "[]", "at least one text file"));
    }
    if let Some((_, share)) = validation
        && !(share > 0.0 && share < 1.0)
    {
        return Err(Error::setting("share", share, "in (0, 1)"));
    }
    let mut train = Target::new(to)?;
    let mut held_back = validation.map(|(path, _)| Target::new(path)).transpose()?;
    for path in texts {
        let tokens = match vocabulary {
            Vocabulary::Bytes => read_text(path)?.into_iter().map(u16::from).collect(),
            Vocabulary::Pieces(_) => vocabulary.encode(&read_string(path)?)?,
        };
        if tokens.is_empty() {
            return Err(empty(path));
        }
        let share = validation.map_or(0.0, |(_, share)| share);
        let kept = tokens.len() - (share * tokens.len() as f64).floor() as usize;
        let end = vocabulary.end();
        train.write(&tokens[..kept], end)?;
        if let Some(target) = &mut held_back {
            target.write(&tokens[kept..], end)?;
        }
    }
    Ok(Prepared {
        train: train.finish()?,
        validation: held_back.map_or(Ok(0), Target::finish)?,
    })
}

/// A token file that is being written.
struct Target {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    tokens: u64,
}

impl Target {
    fn new(path: &Path) -> Result<Self> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let file = NamedTempFile::new_in(folder).map_err(|e| Error::io(folder, e))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            tokens: 0,
        })
    }

    /// Tokens of a text, and its end.
    fn write(&mut self, tokens: &[u16], end: Option<u16>) -> Result<()> {
        let all = tokens.iter().chain(end.iter());
        let bytes: Vec<u8> = all.flat_map(|token| token.to_le_bytes()).collect();
        self.file
            .write_all(&bytes)
            .map_err(|e| Error::io(&self.path, e))?;
        self.tokens += bytes.len() as u64 / 2;
        Ok(())
    }

    fn finish(self) -> Result<u64> {
        let failed = |e| Error::io(&self.path, e);
        let file = self.file.into_inner().map_err(|e| failed(e.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&self.path).map_err(|e| failed(e.error))?;
        Ok(self.tokens)
    }
}
