//! Labels: sub- and superscripts, measuring, wrapping.
//!
//! The markup is `x_{i}` and `10^{-3}`, with braces always, so that names such as `sign_gd` stay as they are. Greek
//! and mathematical signs are written as themselves: `η`, `≤`, `∂`.

use super::font;

/// A piece of a label on one level.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub text: String,
    /// Font size relative to the label's.
    pub size: f64,
    /// How far its baseline is raised, in the label's font size.
    pub raise: f64,
}

const SCRIPT: f64 = 0.72;
const RAISE: f64 = 0.38;
const LOWER: f64 = -0.2;

/// Splits markup into runs. A brace that is never closed is text.
pub(crate) fn parse(markup: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    parse_level(markup, 1.0, 0.0, &mut runs);
    runs
}

fn parse_level(markup: &str, size: f64, raise: f64, runs: &mut Vec<Run>) {
    let mut rest = markup;
    let mut text = String::new();
    while let Some(at) = rest.find("_{").into_iter().chain(rest.find("^{")).min() {
        let Some(end) = closing(&rest[at + 2..]) else {
            break;
        };
        text.push_str(&rest[..at]);
        push(runs, std::mem::take(&mut text), size, raise);
        let inner = &rest[at + 2..at + 2 + end];
        let step = if rest[at..].starts_with('_') {
            LOWER
        } else {
            RAISE
        };
        parse_level(inner, size * SCRIPT, raise + step * size, runs);
        rest = &rest[at + end + 3..];
    }
    text.push_str(rest);
    push(runs, text, size, raise);
}

fn push(runs: &mut Vec<Run>, text: String, size: f64, raise: f64) {
    if !text.is_empty() {
        // In a script, the hyphen before a number is a minus sign: `10^{-3}`.
        let negative = size < 1.0
            && text.starts_with('-')
            && text[1..].starts_with(|c: char| c.is_ascii_digit());
        let text = if negative {
            text.replacen('-', "−", 1)
        } else {
            text
        };
        runs.push(Run { text, size, raise });
    }
}

/// Where the brace that is already open closes.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// Width in pixels of one line of markup at font size `size`.
pub(crate) fn width(markup: &str, size: f64, bold: bool) -> f64 {
    runs_width(&parse(markup), size, bold)
}

/// Width in pixels of parsed runs at font size `size`.
pub(crate) fn runs_width(runs: &[Run], size: f64, bold: bool) -> f64 {
    let advance = |run: &Run| -> f64 {
        run.text
            .chars()
            .map(|c| font::advance(c, bold))
            .sum::<f64>()
            * run.size
    };
    size * runs.iter().map(advance).sum::<f64>()
}

/// Markup without its braces, for the alternative text of a figure.
pub(crate) fn plain(markup: &str) -> String {
    parse(markup).into_iter().map(|run| run.text).collect()
}

/// Breaks markup into lines of at most `most` pixels, at spaces outside braces and at line ends; a word that is longer
/// than a line keeps its own.
pub(crate) fn wrap(markup: &str, size: f64, bold: bool, most: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in markup.lines() {
        let mut line = String::new();
        for word in words(paragraph) {
            let longer = if line.is_empty() {
                word.to_string()
            } else {
                format!("{line} {word}")
            };
            if line.is_empty() || width(&longer, size, bold) <= most {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, word.to_string()));
            }
        }
        lines.push(line);
    }
    lines
}

fn words(text: &str) -> Vec<&str> {
    let (mut words, mut depth, mut start) = (Vec::new(), 0i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ' ' if depth <= 0 => {
                words.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(&text[start..]);
    words.retain(|w| !w.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(markup: &str) -> Vec<String> {
        parse(markup).into_iter().map(|r| r.text).collect()
    }

    #[test]
    fn scripts_need_braces() {
        assert_eq!(texts("sign_gd"), ["sign_gd"]);
        assert_eq!(texts("10^{-3}"), ["10", "−3"]);
        assert_eq!(texts("x_{i}^{2} + y"), ["x", "i", "2", " + y"]);
        assert_eq!(texts("e^{x_{i}}"), ["e", "x", "i"]);
        assert_eq!(texts("open_{brace"), ["open_{brace"]);
        assert!(texts("").is_empty());
    }

    #[test]
    fn scripts_are_smaller_and_shifted() {
        let runs = parse("a^{b_{c}}");
        assert_eq!(runs[1].raise, RAISE);
        assert!(runs[2].raise < runs[1].raise && runs[2].size < runs[1].size);
    }

    #[test]
    fn wrapping_keeps_words_and_scripts_whole() {
        let lines = wrap(
            "loss of x_{a b} against the number of steps",
            12.0,
            false,
            90.0,
        );
        assert!(lines.len() > 2);
        assert_eq!(
            lines.join(" "),
            "loss of x_{a b} against the number of steps"
        );
        assert!(lines.iter().all(|l| width(l, 12.0, false) <= 90.0));
        assert_eq!(wrap("unbreakable", 12.0, false, 5.0), ["unbreakable"]);
        assert_eq!(wrap("a\nb", 12.0, false, 500.0), ["a", "b"]);
    }
}
