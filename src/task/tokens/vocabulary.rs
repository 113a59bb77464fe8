//! What a text's tokens are: its bytes, or pieces that a vocabulary file lists.

use super::{BYTES, empty, read_text};
use crate::error::{Error, Result};
use crate::table::write_atomic;
use std::path::{Path, PathBuf};
use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer};

/// The token that ends a text in GPT-2's vocabulary.
const END: &str = "<|endoftext|>";

/// Bytes of text that are encoded at once.
const PART: usize = 1 << 18;

/// Tokens of a text: bytes, or the pieces of a byte-pair encoding.
///
/// Byte-pair encoding joins the pair of pieces that comes first in a list, again and again, within what a pattern takes for words; it is made by the crate `tokenizers`. Tokens are
/// written in two bytes, so a vocabulary has at most 65,536.
///
/// ```
/// use scurve::task::tokens::Vocabulary;
/// let folder = tempfile::tempdir().unwrap();
/// let text = folder.path().join("a.txt");
/// std::fs::write(&text, "the hen, the hen, the other hen").unwrap();
/// let pieces = Vocabulary::learn(&[text], 270)?;
/// let tokens = pieces.encode("the other hen")?;
/// assert!(tokens.len() < 13 && pieces.decode(&tokens)? == "the other hen");
/// assert_eq!(Vocabulary::Bytes.encode("hen")?, [104, 101, 110]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum Vocabulary {
    /// The 256 bytes.
    Bytes,
    /// The pieces of a byte-pair encoding.
    Pieces(Box<Tokenizer>),
}

impl Vocabulary {
    /// A vocabulary from a local file: a `tokenizer.json`, or GPT-2's `vocab.json` beside its `merges.txt` (called `encoder.json` and `vocab.bpe` where OpenAI published them).
    ///
    /// # Errors
    /// A file that is not there or is no vocabulary; one of more than 65,536 tokens.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|e| vocabulary_not_there(path, e))?;
        let tokenizer = match merges_beside(path) {
            Some(merges) => gpt2(path, &merges),
            None => Tokenizer::from_bytes(&text),
        };
        let tokenizer = tokenizer.map_err(|e| Error::Corrupt {
            path: path.to_owned(),
            why: format!("no vocabulary ({e}); name a tokenizer.json, or GPT-2's vocab.json with merges.txt beside it"),
            aside: None,
        })?;
        Self::of(tokenizer, path)
    }

    fn of(tokenizer: Tokenizer, path: &Path) -> Result<Self> {
        let size = tokenizer.get_vocab_size(true);
        if !(1..=usize::from(u16::MAX) + 1).contains(&size) {
            let field = format!("tokens of {}", path.display());
            return Err(Error::setting(
                field,
                size,
                "from 1 to 65536: a token is written in two bytes",
            ));
        }
        Ok(Self::Pieces(Box::new(tokenizer)))
    }

    /// Learns at most `size` pieces from text files: all bytes, the end of a text, and the pairs that are most frequent, as GPT-2's vocabulary was made.
    ///
    /// # Errors
    /// A size outside 257 to 65,536; a text that is not there, empty, or not UTF-8.
    pub fn learn(texts: &[PathBuf], size: usize) -> Result<Self> {
        if !(BYTES + 1..=usize::from(u16::MAX) + 1).contains(&size) {
            let allowed = "from 257 (all bytes and the end of a text) to 65536";
            return Err(Error::setting("size", size, allowed));
        }
        let mut lines = Vec::new();
        for path in texts {
            let text = read_string(path)?;
            lines.extend(parts(&text, PART).map(str::to_owned));
        }
        let trainer = BpeTrainerBuilder::new()
            .show_progress(false)
            .vocab_size(size)
            .special_tokens(vec![AddedToken::from(END, true)])
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .build();
        let mut tokenizer = byte_level(BPE::default());
        tokenizer
            .train(&mut TrainerWrapper::BpeTrainer(trainer), lines.into_iter())
            .map_err(failed)?;
        Ok(Self::Pieces(Box::new(tokenizer)))
    }

    /// Writes the pieces as a `tokenizer.json`, whole or not at all.
    ///
    /// # Errors
    /// Bytes, which need no file; a file that cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        match self {
            Self::Bytes => Err(Error::setting(
                "vocabulary",
                "bytes",
                "pieces: bytes need no file",
            )),
            Self::Pieces(tokenizer) => {
                let text = tokenizer.to_string(true).map_err(failed)?;
                write_atomic(path.as_ref(), text.as_bytes())
            }
        }
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes => BYTES,
            Self::Pieces(tokenizer) => tokenizer.get_vocab_size(true),
        }
    }

    /// Never: bytes are 256, and a file without a token is refused.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The token that ends a text, where there is one.
    pub fn end(&self) -> Option<u16> {
        match self {
            Self::Bytes => None,
            Self::Pieces(tokenizer) => tokenizer.token_to_id(END).and_then(|id| id.try_into().ok()),
        }
    }

    /// The tokens of a text, without one for its end.
    ///
    /// # Errors
    /// A text with something that the vocabulary cannot say.
    pub fn encode(&self, text: &str) -> Result<Vec<u16>> {
        let tokenizer = match self {
            Self::Bytes => return Ok(text.bytes().map(u16::from).collect()),
            Self::Pieces(tokenizer) => tokenizer,
        };
        let mut tokens = Vec::new();
        for part in parts(text, PART) {
            let encoded = tokenizer.encode_fast(part, false).map_err(failed)?;
            // `of` and `learn` have seen that every number fits.
            tokens.extend(encoded.get_ids().iter().map(|id| *id as u16));
        }
        Ok(tokens)
    }

    /// The text of tokens; bytes that are no UTF-8 become �.
    ///
    /// # Errors
    /// A token beyond the vocabulary.
    pub fn decode(&self, tokens: &[u16]) -> Result<String> {
        let size = self.len();
        if let Some(token) = tokens.iter().find(|t| usize::from(**t) >= size) {
            let allowed = format!("below the vocabulary, {size}");
            return Err(Error::setting("token", token, allowed));
        }
        match self {
            Self::Bytes => {
                let bytes: Vec<u8> = tokens.iter().map(|t| *t as u8).collect();
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
            Self::Pieces(tokenizer) => {
                let ids: Vec<u32> = tokens.iter().map(|t| u32::from(*t)).collect();
                tokenizer.decode(&ids, false).map_err(failed)
            }
        }
    }
}

fn failed(e: tokenizers::Error) -> Error {
    Error::Config {
        origin: "vocabulary".into(),
        message: e.to_string(),
    }
}

fn byte_level(model: BPE) -> Tokenizer {
    let mut tokenizer = Tokenizer::new(model);
    // No space before a text, words by GPT-2's pattern.
    let words = ByteLevel::new(false, true, true);
    tokenizer.with_pre_tokenizer(Some(words));
    tokenizer.with_decoder(Some(words));
    tokenizer
}

fn merges_beside(path: &Path) -> Option<PathBuf> {
    let merges = match path.file_name()?.to_str()? {
        "vocab.json" => "merges.txt",
        "encoder.json" => "vocab.bpe",
        _ => return None,
    };
    Some(path.with_file_name(merges))
}

fn gpt2(vocabulary: &Path, merges: &Path) -> tokenizers::Result<Tokenizer> {
    let (words, merges) = (vocabulary.to_string_lossy(), merges.to_string_lossy());
    let mut tokenizer = byte_level(BPE::from_file(&words, &merges).build()?);
    if tokenizer.token_to_id(END).is_some() {
        let _ = tokenizer.add_special_tokens([AddedToken::from(END, true)]);
    }
    Ok(tokenizer)
}

fn vocabulary_not_there(path: &Path, error: std::io::Error) -> Error {
    if error.kind() != std::io::ErrorKind::NotFound {
        return Error::io(path, error);
    }
    Error::Missing {
        what: format!("the vocabulary {}", path.display()),
        looked: "there is no such file".into(),
        ways: "Name a tokenizer.json, or GPT-2's vocab.json with merges.txt beside it; or learn one of the texts (--learn)".into(),
    }
}

/// A text file as text, decompressed when its name ends in `.gz`.
pub(super) fn read_string(path: &Path) -> Result<String> {
    let bytes = read_text(path)?;
    if bytes.is_empty() {
        return Err(empty(path));
    }
    String::from_utf8(bytes).map_err(|e| Error::Corrupt {
        path: path.to_owned(),
        why: format!("byte {} is not of UTF-8, of which pieces are made; convert the file, or take its bytes as tokens", e.utf8_error().valid_up_to()),
        aside: None,
    })
}

/// Parts of about `size` bytes that begin at the last newline before a line that begins with something: there GPT-2's pattern has a border in any text, so that the parts' tokens are the
/// text's.
fn parts(text: &str, size: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let border = |i: usize| {
            let after = rest[i + 1..].chars().next();
            i > 0 && after.is_some_and(|c| !c.is_whitespace())
        };
        let cut = rest
            .match_indices('\n')
            .map(|(i, _)| i)
            .find(|i| *i >= size && border(*i))
            .unwrap_or(rest.len());
        let (part, after) = rest.split_at(cut);
        rest = after;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// GPT-2's two files, made small: Ġ stands for a space.
    fn small(folder: &Path) -> PathBuf {
        let mut vocabulary = serde_json::Map::new();
        let mut alphabet: Vec<char> = ByteLevel::alphabet().into_iter().collect();
        alphabet.sort_unstable();
        let pieces = ["th", "the", "Ġthe", "he", END].map(str::to_owned);
        for piece in alphabet.iter().map(char::to_string).chain(pieces) {
            vocabulary.insert(piece, vocabulary.len().into());
        }
        let text = serde_json::to_string(&vocabulary).unwrap();
        write(
            folder,
            "merges.txt",
            "#version: 0.2\nt h\nth e\nĠ the\nh e\n",
        );
        write(folder, "vocab.json", &text)
    }

    #[test]
    fn pairs_are_joined_in_the_order_of_the_list() {
        let folder = tempfile::tempdir().unwrap();
        let vocabulary = Vocabulary::read(small(folder.path())).unwrap();
        let (the, space_the, he) = (257, 258, 259);
        assert_eq!(vocabulary.encode("the the").unwrap(), [the, space_the]);
        // Within "heth" the pair t h comes first, then h e.
        let heth = vocabulary.encode("heth").unwrap();
        assert_eq!(heth, [he, 256]);
        assert_eq!((vocabulary.len(), vocabulary.end()), (261, Some(260)));
        let text = "the Émigré\n\n  there — 第\t\n";
        let tokens = vocabulary.encode(text).unwrap();
        assert_eq!(vocabulary.decode(&tokens).unwrap(), text);
        assert!(vocabulary.decode(&[261]).is_err());
        // Written and read again, as one file.
        let path = folder.path().join("tokenizer.json");
        vocabulary.save(&path).unwrap();
        let again = Vocabulary::read(&path).unwrap();
        assert_eq!(again.encode(text).unwrap(), tokens);
        assert_eq!(again.end(), Some(260));
    }

    #[test]
    fn parts_have_the_tokens_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let Vocabulary::Pieces(tokenizer) = Vocabulary::read(small(folder.path())).unwrap() else {
            panic!()
        };
        let text = "the hen\nthe\n\nother  \n\n\n the\nhen's\n\t\n12\nend\n".repeat(3);
        let whole = tokenizer.encode_fast(text.as_str(), false).unwrap();
        for size in [1, 5, 20, 1000] {
            let cut: Vec<&str> = parts(&text, size).collect();
            assert_eq!(cut.concat(), text);
            assert_eq!(cut.len() > 1, size < 1000);
            let ids: Vec<u32> = cut
                .iter()
                .flat_map(|part| {
                    tokenizer
                        .encode_fast(*part, false)
                        .unwrap()
                        .get_ids()
                        .to_vec()
                })
                .collect();
            assert_eq!(ids, whole.get_ids(), "{size} {cut:?}");
        }
    }

    #[test]
    fn what_is_frequent_is_learned() {
        let folder = tempfile::tempdir().unwrap();
        let text = write(
            folder.path(),
            "a.txt",
            &"emma woodhouse, handsome\n".repeat(50),
        );
        let learned = Vocabulary::learn(std::slice::from_ref(&text), 270).unwrap();
        assert_eq!(learned.len(), 270);
        assert!(learned.encode("emma woodhouse").unwrap().len() < 9);
        // Three words and a comma have no more pairs.
        let all = Vocabulary::learn(&[text], 1000).unwrap();
        assert!(all.len() < 300);
        assert_eq!(all.encode("emma woodhouse, handsome").unwrap().len(), 4);
        // What was never seen is bytes.
        assert_eq!(learned.encode("zzz").unwrap().len(), 3);
        assert_eq!(
            learned.decode(&learned.encode("Łódź 第").unwrap()).unwrap(),
            "Łódź 第"
        );
    }

    #[test]
    fn bad_vocabularies_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let said = |found: Result<Vocabulary>, parts: &[&str]| {
            let message = found.unwrap_err().to_string();
            for part in parts {
                assert!(message.contains(part), "{message}");
            }
        };
        let path = folder.path();
        said(
            Vocabulary::read(path.join("gone.json")),
            &["gone.json", "no such file", "--learn"],
        );
        said(
            Vocabulary::read(write(path, "tokenizer.json", "{}")),
            &["no vocabulary"],
        );
        said(
            Vocabulary::read(write(path, "vocab.json", "{}")),
            &["no vocabulary", "merges.txt"],
        );
        let text = write(path, "a.txt", "a");
        said(Vocabulary::learn(&[text], 256), &["size = 256", "257"]);
        let broken = path.join("b.txt");
        std::fs::write(&broken, [97, 255]).unwrap();
        said(
            Vocabulary::learn(&[broken], 300),
            &["byte 1 is not of UTF-8"],
        );
        assert!(Vocabulary::Bytes.save(path.join("x.json")).is_err());
    }
}
