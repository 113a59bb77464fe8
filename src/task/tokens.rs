//! Text as numbered tokens: bytes, pieces of a byte-pair encoding, or a token file as nanoGPT writes it.

mod prepare;
mod vocabulary;

pub use prepare::{Prepared, prepare};
pub use vocabulary::Vocabulary;

use crate::error::{Error, Result};
use crate::experiment::project_root;
use crate::seed::Seed;
use flate2::read::GzDecoder;
use ndarray::Array2;
use rand::RngExt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Different bytes: the vocabulary of a text that is read byte by byte.
pub const BYTES: usize = 256;

/// A file up to this many bytes is held in memory; of a longer one each block is read when it is asked for.
const HELD: u64 = 1 << 28;

/// Tokens of a read when a whole file is gone through.
const PART: usize = 1 << 20;

/// A long list of tokens, each below the vocabulary, in memory or in a file. A copy shares both.
///
/// ```
/// use scurve::seed::Seed;
/// use scurve::task::tokens::Tokens;
/// let text = Tokens::bytes("It is a truth universally acknowledged")?;
/// let (train, validation) = text.split(0.25)?;
/// assert_eq!((train.len(), validation.len(), text.vocabulary()), (29, 9, 256));
/// let blocks = train.draw(8, 4, Seed(0), 0)?;
/// assert_eq!((blocks.len(), blocks.block()), (4, 8));
/// // The target of a place is the token after it.
/// let (inputs, targets): (Vec<u16>, Vec<u16>) = (blocks.inputs().collect(), blocks.targets().collect());
/// assert_eq!(inputs[1..8], targets[..7]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tokens {
    store: Store,
    start: usize,
    len: usize,
    vocabulary: usize,
}

#[derive(Clone, Debug)]
enum Store {
    Memory(Arc<[u16]>),
    File(Arc<File>, PathBuf),
}

impl Tokens {
    /// The bytes of a text.
    ///
    /// # Errors
    /// An empty text.
    pub fn bytes(text: impl AsRef<[u8]>) -> Result<Self> {
        Self::held(text.as_ref().iter().map(|b| u16::from(*b)).collect(), BYTES)
    }

    fn held(tokens: Vec<u16>, vocabulary: usize) -> Result<Self> {
        if tokens.is_empty() {
            return Err(Error::setting("text", "\"\"", "not empty"));
        }
        Ok(Self {
            start: 0,
            len: tokens.len(),
            store: Store::Memory(tokens.into()),
            vocabulary,
        })
    }

    /// The bytes of a text file, decompressed when its name ends in `.gz`.
    ///
    /// # Errors
    /// A file that is not there or cannot be read; one without a byte.
    pub fn text(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::bytes(read_text(path)?).map_err(|_| empty(path))
    }

    /// A file of tokens of two bytes each, the lower first: what nanoGPT calls `train.bin`, and [`prepare`] writes. Every token is looked at once.
    ///
    /// # Errors
    /// A file that is not there or cannot be read, is empty, or ends within a token; the first token beyond the vocabulary, with its place.
    pub fn read(path: impl AsRef<Path>, vocabulary: usize) -> Result<Self> {
        let path = path.as_ref();
        if !(1..=usize::from(u16::MAX) + 1).contains(&vocabulary) {
            return Err(Error::setting("vocabulary", vocabulary, "from 1 to 65536"));
        }
        let file = File::open(path).map_err(|e| not_there(path, e))?;
        let size = file.metadata().map_err(|e| Error::io(path, e))?.len();
        if size == 0 {
            return Err(empty(path));
        }
        if size % 2 == 1 {
            return Err(Error::Corrupt {
                path: path.to_owned(),
                why: format!("{size} bytes: a token has two; make the file by `scurve prepare`"),
                aside: None,
            });
        }
        let whole = Self {
            store: Store::File(Arc::new(file), path.to_owned()),
            start: 0,
            len: (size / 2) as usize,
            vocabulary,
        };
        let mut kept = Vec::new();
        let mut place = 0;
        whole.go_through(|part| {
            if let Some(i) = part.iter().position(|t| usize::from(*t) >= vocabulary) {
                let field = format!("token {} of {}", place + i, path.display());
                let allowed = format!("below the vocabulary, {vocabulary}: name the vocabulary that the file was made with");
                return Err(Error::setting(field, part[i], allowed));
            }
            place += part.len();
            if size <= HELD {
                kept.extend_from_slice(part);
            }
            Ok(())
        })?;
        if size <= HELD {
            return Self::held(kept, vocabulary);
        }
        Ok(whole)
    }

    /// A text that ships with the project in `data/sets/NAME`: `austen-novels`, three novels by Jane Austen, 1.8 million bytes.
    ///
    /// # Errors
    /// Another name; outside the project's folder.
    pub fn shipped(name: &str) -> Result<Self> {
        if name != SHIPPED {
            return Err(Error::unknown("text", name, [SHIPPED]));
        }
        let root = project_root().ok_or_else(|| Error::Missing {
            what: format!("the text {name}"),
            looked: "this is not inside the project's folder".into(),
            ways: "It ships with the project in data/sets: work inside the project's folder, or name a text file".into(),
        })?;
        Self::text(root.join("data/sets").join(name).join("novels.txt.gz"))
    }

    /// By one name: that of a [shipped](Self::shipped) text, a token file whose name ends in `.bin`, or a text file, read byte by byte.
    ///
    /// # Errors
    /// As [`read`](Self::read) and [`text`](Self::text); a vocabulary below 256 for bytes.
    pub fn load(name: &str, vocabulary: usize) -> Result<Self> {
        if name.ends_with(".bin") {
            return Self::read(name, vocabulary);
        }
        if vocabulary < BYTES {
            return Err(Error::setting(
                "vocabulary",
                vocabulary,
                "at least 256 for bytes",
            ));
        }
        if name == SHIPPED {
            Self::shipped(name)
        } else {
            Self::text(name)
        }
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Never: a text without a token is refused.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Different tokens there can be.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The first part, and the last, which holds this share of the tokens.
    ///
    /// # Errors
    /// A share outside (0, 1), or one that leaves a part empty.
    pub fn split(&self, share: f64) -> Result<(Self, Self)> {
        let last = (share * self.len as f64).floor();
        let whole = share > 0.0 && share < 1.0 && last >= 1.0 && last < self.len as f64;
        if !whole {
            let allowed = format!(
                "a share in (0, 1) that leaves a token of {} in each part",
                self.len
            );
            return Err(Error::setting("share", share, allowed));
        }
        let len = self.len - last as usize;
        let first = Self {
            len,
            ..self.clone()
        };
        let start = self.start + len;
        Ok((
            first,
            Self {
                start,
                len: last as usize,
                ..self.clone()
            },
        ))
    }

    /// How often each token of the vocabulary occurs.
    ///
    /// # Errors
    /// A file that cannot be read any more.
    pub fn counts(&self) -> Result<Vec<u64>> {
        let mut counts = vec![0; self.vocabulary];
        self.go_through(|part| {
            part.iter().for_each(|t| counts[usize::from(*t)] += 1);
            Ok(())
        })?;
        Ok(counts)
    }

    /// `count` blocks of `block` tokens, each with the token after it, from places drawn from the stream `batch/STEP` of the seed: a step sees the same whenever it is made.
    ///
    /// # Errors
    /// A block that is not shorter than the text; a file that cannot be read any more.
    pub fn draw(&self, block: usize, count: usize, seed: Seed, step: usize) -> Result<Blocks> {
        let places = self.places(block)?;
        let mut rng = seed.stream(&format!("batch/{step}"));
        let starts: Vec<usize> = (0..count).map(|_| rng.random_range(0..places)).collect();
        self.at(block, &starts)
    }

    /// At most `count` blocks, evenly over the text, none overlapping another.
    ///
    /// # Errors
    /// As [`draw`](Self::draw).
    pub fn spread(&self, block: usize, count: usize) -> Result<Blocks> {
        let places = self.places(block)?;
        let count = count.clamp(1, (self.len - 1) / block);
        let starts: Vec<usize> = match count {
            1 => vec![0],
            _ => (0..count).map(|i| i * (places - 1) / (count - 1)).collect(),
        };
        self.at(block, &starts)
    }

    /// Where a block can begin.
    fn places(&self, block: usize) -> Result<usize> {
        if block == 0 || block >= self.len {
            let allowed = format!(
                "from 1 to {}: the text has {} tokens, and a block has one after it",
                self.len - 1,
                self.len
            );
            return Err(Error::setting("block", block, allowed));
        }
        Ok(self.len - block)
    }

    fn at(&self, block: usize, starts: &[usize]) -> Result<Blocks> {
        let mut tokens = Array2::zeros((starts.len(), block + 1));
        for (start, mut row) in starts.iter().zip(tokens.outer_iter_mut()) {
            if let Some(row) = row.as_slice_mut() {
                self.copy(self.start + start, row)?;
            }
        }
        Ok(Blocks(tokens))
    }

    /// Tokens from a place of the store on.
    fn copy(&self, start: usize, into: &mut [u16]) -> Result<()> {
        match &self.store {
            Store::Memory(tokens) => into.copy_from_slice(&tokens[start..start + into.len()]),
            Store::File(file, path) => {
                let mut bytes = vec![0; 2 * into.len()];
                file.read_exact_at(&mut bytes, 2 * start as u64)
                    .map_err(|e| Error::io(path, e))?;
                let pairs = bytes.as_chunks::<2>().0;
                into.iter_mut()
                    .zip(pairs)
                    .for_each(|(t, b)| *t = u16::from_le_bytes(*b));
            }
        }
        Ok(())
    }

    fn go_through(&self, mut each: impl FnMut(&[u16]) -> Result<()>) -> Result<()> {
        let mut part = vec![0; PART.min(self.len)];
        for start in (0..self.len).step_by(PART) {
            let part = &mut part[..PART.min(self.len - start)];
            self.copy(self.start + start, part)?;
            each(part)?;
        }
        Ok(())
    }
}

const SHIPPED: &str = "austen-novels";

fn read_text(path: &Path) -> Result<Vec<u8>> {
    let mut file = File::open(path).map_err(|e| not_there(path, e))?;
    let mut bytes = Vec::new();
    let read = match path.extension() {
        Some(end) if end == "gz" => GzDecoder::new(file).read_to_end(&mut bytes),
        _ => file.read_to_end(&mut bytes),
    };
    read.map_err(|e| Error::io(path, e))?;
    Ok(bytes)
}

fn empty(path: &Path) -> Error {
    Error::setting("text", path.display(), "a file that is not empty")
}

fn not_there(path: &Path, error: std::io::Error) -> Error {
    if error.kind() != std::io::ErrorKind::NotFound {
        return Error::io(path, error);
    }
    Error::Missing {
        what: format!("the text {}", path.display()),
        looked: "there is no such file".into(),
        ways: format!(
            "Name a text file or a token file (.bin), which `scurve prepare TEXT… --to FILE.bin` makes of text files, or `{SHIPPED}`, which ships with the project"
        ),
    }
}

/// Blocks of text, each with the token that follows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks(Array2<u16>);

impl Blocks {
    /// From rows of block + 1 tokens.
    ///
    /// # Errors
    /// No row, or rows of fewer than two tokens.
    pub fn new(rows: Array2<u16>) -> Result<Self> {
        if rows.nrows() == 0 || rows.ncols() < 2 {
            return Err(Error::setting(
                "rows",
                format!("{:?}", rows.dim()),
                "at least one of at least two tokens",
            ));
        }
        Ok(Self(rows.as_standard_layout().into_owned()))
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.0.nrows()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.nrows() == 0
    }

    /// Tokens of a block that are seen.
    pub fn block(&self) -> usize {
        self.0.ncols() - 1
    }

    /// The tokens that are seen, block after block.
    pub fn inputs(&self) -> impl Iterator<Item = u16> + '_ {
        let block = self.block();
        self.0
            .outer_iter()
            .flat_map(move |row| row.into_iter().take(block).copied())
    }

    /// The token after each of them.
    pub fn targets(&self) -> impl Iterator<Item = u16> + '_ {
        self.0
            .outer_iter()
            .flat_map(|row| row.into_iter().skip(1).copied())
    }

    /// Blocks `from..to`.
    pub fn part(&self, from: usize, to: usize) -> Self {
        Self(self.0.slice(ndarray::s![from..to, ..]).to_owned())
    }

    /// The largest token, 0 where there is none.
    pub fn largest(&self) -> u16 {
        self.0.iter().copied().max().unwrap_or(0)
    }
}
