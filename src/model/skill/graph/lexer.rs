//! Tokens of the DOT language and of gates, with line and column.

use super::Gate;
use crate::error::{Error, Result};

/// A token: a name (quoted or not), or a sign.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name { text: String, quoted: bool },
    Sign(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name { text, .. } => write!(f, "`{text}`"),
            Self::Sign(sign) => write!(f, "`{sign}`"),
        }
    }
}

/// A token and where it begins.
#[derive(Clone, Debug)]
struct Placed {
    token: Token,
    line: usize,
    column: usize,
}

/// The tokens of a text, read one after the other.
pub(super) struct Tokens {
    origin: String,
    tokens: Vec<Placed>,
    next: usize,
    /// Where the text ends.
    end: (usize, usize),
}

const SIGNS: [&str; 10] = ["->", "--", "{", "}", "[", "]", "(", ")", "=", ","];

impl Tokens {
    /// Splits a text. Comments (`//`, `#`, `/* */`) and semicolons are left out.
    pub(super) fn new(text: &str, origin: &str) -> Result<Self> {
        let mut scanner = Scanner {
            rest: text,
            line: 1,
            column: 1,
        };
        let mut tokens = Vec::new();
        let failed = |line, column, message: &str| error(origin, line, column, message);
        loop {
            scanner
                .skip_blank()
                .map_err(|(l, c)| failed(l, c, "this comment is not closed; add `*/`"))?;
            let (line, column) = (scanner.line, scanner.column);
            let Some(c) = scanner.rest.chars().next() else {
                break;
            };
            let token = if c == '"' {
                let text = scanner
                    .string()
                    .ok_or_else(|| failed(line, column, "this name is not closed; add `\"`"))?;
                Token::Name { text, quoted: true }
            } else if let Some(sign) = SIGNS.iter().find(|s| scanner.rest.starts_with(**s)) {
                scanner.advance(sign.len());
                Token::Sign(sign)
            } else {
                let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
                // A minus or plus belongs to a number such as 1e-3 or -2.
                let mut end = 0;
                for (i, c) in scanner.rest.char_indices() {
                    let sign_of_number = (c == '-' || c == '+')
                        && !scanner.rest[i..].starts_with("->")
                        && (i == 0
                            || (scanner.rest[..i].ends_with(['e', 'E'])
                                && scanner.rest.starts_with(|c: char| {
                                    c.is_ascii_digit() || "+-.".contains(c)
                                })));
                    if !word(c) && !sign_of_number {
                        break;
                    }
                    end = i + c.len_utf8();
                }
                if end == 0 {
                    return Err(failed(
                        line,
                        column,
                        &format!(
                            "`{c}` has no meaning here; put names with such characters in quotes"
                        ),
                    ));
                }
                let text = scanner.rest[..end].to_string();
                scanner.advance(end);
                Token::Name {
                    text,
                    quoted: false,
                }
            };
            tokens.push(Placed {
                token,
                line,
                column,
            });
        }
        Ok(Self {
            origin: origin.into(),
            tokens,
            next: 0,
            end: (scanner.line, scanner.column),
        })
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|t| &t.token)
    }

    /// Takes the sign if it is next.
    pub(super) fn take(&mut self, sign: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.next += usize::from(there);
        there
    }

    /// Takes the word, not quoted, in any case, if it is next.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Name { text, quoted: false }) if text.eq_ignore_ascii_case(word));
        self.next += usize::from(there);
        there
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<()> {
        if self.take(sign) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{sign}`")))
    }

    pub(super) fn name(&mut self, what: &str) -> Result<String> {
        match self.peek() {
            Some(Token::Name { text, .. }) => {
                let text = text.clone();
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.unexpected(what)),
        }
    }

    /// Refuses anything that is left.
    pub(super) fn end(&self) -> Result<()> {
        match self.peek() {
            Some(_) => Err(self.unexpected("the end")),
            None => Ok(()),
        }
    }

    /// Where the next token begins.
    pub(super) fn place(&self) -> (usize, usize) {
        self.tokens
            .get(self.next)
            .map_or(self.end, |t| (t.line, t.column))
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Error {
        let found = self.peek().map_or("the end".to_string(), Token::to_string);
        self.error_at(self.place(), &format!("expected {wanted}, found {found}"))
    }

    pub(super) fn error_at(&self, (line, column): (usize, usize), message: &str) -> Error {
        error(&self.origin, line, column, message)
    }
}

pub(super) fn error(origin: &str, line: usize, column: usize, message: &str) -> Error {
    Error::Config {
        origin: origin.into(),
        message: format!("line {line}, column {column}: {message}"),
    }
}

/// A gate: a name, `and(gate, …)` or `or(gate, …)`.
pub(super) fn gate(tokens: &mut Tokens) -> Result<Gate> {
    for (word, make) in [
        ("and", Gate::And as fn(Vec<Gate>) -> Gate),
        ("or", Gate::Or),
    ] {
        if !tokens.take_word(word) {
            continue;
        }
        tokens.expect("(")?;
        let mut gates = vec![gate(tokens)?];
        while tokens.take(",") {
            gates.push(gate(tokens)?);
        }
        tokens.expect(")")?;
        return Ok(make(gates));
    }
    Ok(Gate::After(tokens.name("a skill, `and(…)` or `or(…)`")?))
}

struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    column: usize,
}

impl Scanner<'_> {
    fn advance(&mut self, bytes: usize) {
        for c in self.rest[..bytes].chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.rest = &self.rest[bytes..];
    }

    /// Blanks, semicolons and comments; Err with the place of a comment that does not end.
    fn skip_blank(&mut self) -> Result<(), (usize, usize)> {
        loop {
            let blank = self.rest.len()
                - self
                    .rest
                    .trim_start_matches(|c: char| c.is_whitespace() || c == ';')
                    .len();
            self.advance(blank);
            if self.rest.starts_with("//") || self.rest.starts_with('#') {
                self.advance(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                let close = self.rest.find("*/").ok_or((self.line, self.column))?;
                self.advance(close + 2);
            } else if blank == 0 {
                return Ok(());
            }
        }
    }

    /// A string in quotes; None when it does not end.
    fn string(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.advance(i + 1);
                    return Some(text);
                }
                '\\' => text.push(chars.next()?.1),
                c => text.push(c),
            }
        }
        None
    }
}
