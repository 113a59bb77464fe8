//! What a notebook cell shows: HTML tables, numbers, MIME blocks.

use std::fmt::{Display, Write};

/// One column's header: name, type, and whether its cells are numbers.
#[derive(Clone, Debug)]
pub struct Header {
    name: String,
    kind: String,
    numeric: bool,
}

impl Header {
    /// A column `name` of type `kind`; numbers are aligned right.
    pub fn new(name: impl Into<String>, kind: impl Into<String>, numeric: bool) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            numeric,
        }
    }
}

/// Prints one MIME block, as the evcxr kernel reads it from standard output.
pub fn mime(kind: &str, content: &str) {
    println!("EVCXR_BEGIN_CONTENT {kind}\n{content}\nEVCXR_END_CONTENT");
}

/// `text` with the five characters that HTML and XML reserve replaced, and control characters left out.
///
/// ```
/// assert_eq!(scurve::display::escape("a<b & \"c\""), "a&lt;b &amp; &quot;c&quot;");
/// ```
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(c),
            // What XML 1.0 has no way to write.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// A number for reading: five significant digits, scientific when very large or small.
///
/// ```
/// use scurve::display::number;
/// assert_eq!(number(0.1 + 0.2), "0.3");
/// assert_eq!(number(1234567.0), "1.2346e6");
/// assert_eq!(number(f64::NAN), "NaN");
/// ```
pub fn number(x: f64) -> String {
    significant(x, 5)
}

/// As [`number`], with so many significant digits (at least one).
///
/// ```
/// assert_eq!(scurve::display::significant(0.0041447, 2), "0.0041");
/// ```
pub fn significant(x: f64, digits: usize) -> String {
    let decimals = digits.max(1) - 1;
    if x == 0.0 {
        return "0".into();
    }
    if !x.is_finite() {
        return x.to_string();
    }
    let scientific = format!("{x:.decimals$e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |s: &str| -> String {
        if s.contains('.') {
            s.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            s.to_string()
        }
    };
    if (-4..6).contains(&exponent) {
        trim(&format!(
            "{x:.*}",
            (decimals as i32 - exponent).max(0) as usize
        ))
    } else {
        format!("{}e{exponent}", trim(mantissa))
    }
}

/// Numbers one after the other, four digits each; what is not a number is "none".
///
/// ```
/// assert_eq!(scurve::display::list(&[0.5, 1294.04, f64::NAN]), "0.5, 1294, none");
/// ```
pub fn list(values: &[f64]) -> String {
    let each = values.iter().map(|x| match x.is_nan() {
        true => "none".into(),
        false => significant(*x, 4),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Which of the shown rows come before what is left out, and how many are left out.
fn gap(shown: usize, total: usize) -> (usize, usize) {
    let left_out = total.saturating_sub(shown);
    let half = if left_out > 0 {
        shown.div_ceil(2)
    } else {
        shown
    };
    (half, left_out)
}

fn shape(rows: usize, columns: usize) -> String {
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    format!(
        "{rows} row{} × {columns} column{}",
        plural(rows),
        plural(columns)
    )
}

fn more_rows(n: usize) -> String {
    format!("… {n} more row{} …", if n == 1 { "" } else { "s" })
}

/// Rules of translucent grey and the notebook's own text colour: for dark and light themes.
const STYLE: &str = "<style>.scurve-table{border-collapse:collapse;font-variant-numeric:tabular-nums}\
.scurve-table td,.scurve-table th{padding:3px 10px;border:0;border-bottom:1px solid rgba(128,128,128,.25);\
vertical-align:top;background:none;color:inherit}.scurve-table th{border-bottom:1.5px solid rgba(128,128,128,.7)}</style>";

/// A table of `total` rows of which `rows` are shown (head and tail when there are fewer).
///
/// Cells are text and are escaped here; a row that is too short is filled up. The caption gives the shape; a row of
/// dots stands for what is left out.
///
/// ```
/// use scurve::display::{Header, html_table};
/// let html = html_table(&[Header::new("t", "f64", true)], vec![vec!["0.5".into()], vec!["9".into()]], 100);
/// assert!(html.contains("… 98 more rows …") && html.contains("100 rows × 1 column"));
/// ```
pub fn html_table(headers: &[Header], rows: Vec<Vec<String>>, total: usize) -> String {
    let (half, left_out) = gap(rows.len(), total);
    let mut out = format!("{STYLE}<table class=\"scurve-table\"><thead><tr>");
    for h in headers {
        let _ = write!(
            out,
            "<th style=\"text-align:{}\">{}<br><small style=\"font-weight:normal;opacity:.65\">{}</small></th>",
            align(h.numeric),
            escape(&h.name),
            escape(&h.kind)
        );
    }
    out.push_str("</tr></thead><tbody>");
    for (i, row) in rows.iter().enumerate() {
        if left_out > 0 && i == half {
            gap_row(&mut out, headers.len(), left_out);
        }
        out.push_str("<tr>");
        for (column, h) in headers.iter().enumerate() {
            let cell = escape(row.get(column).map_or("", String::as_str));
            let _ = write!(
                out,
                "<td style=\"text-align:{}\">{cell}</td>",
                align(h.numeric)
            );
        }
        out.push_str("</tr>");
    }
    if left_out > 0 && rows.len() <= half {
        gap_row(&mut out, headers.len(), left_out);
    }
    let caption = shape(total.max(rows.len()), headers.len());
    let _ = write!(
        out,
        "</tbody></table><p style=\"margin:0;opacity:.65\"><small>{caption}</small></p>"
    );
    out
}

fn gap_row(out: &mut String, columns: usize, left_out: usize) {
    let text = more_rows(left_out);
    let _ = write!(
        out,
        "<tr><td colspan=\"{columns}\" style=\"text-align:center;opacity:.65\">{text}</td></tr>"
    );
}

fn align(numeric: bool) -> &'static str {
    // A number is never broken at its exponent's sign.
    if numeric {
        "right;white-space:nowrap"
    } else {
        "left"
    }
}

/// The same table as plain text, for terminals and for readers that show no HTML.
///
/// ```
/// use scurve::display::{Header, text_table};
/// let headers = [Header::new("n", "i64", true), Header::new("name", "str", false)];
/// let text = text_table(&headers, &[vec!["5".into(), "a".into()], vec!["1000".into(), "b".into()]], 2);
/// assert_eq!(text, "   n  name\n────  ────\n   5  a\n1000  b\n2 rows × 2 columns");
/// ```
pub fn text_table(headers: &[Header], rows: &[Vec<String>], total: usize) -> String {
    let (half, left_out) = gap(rows.len(), total);
    // Each cell as its lines.
    let cells: Vec<Vec<Vec<String>>> = rows
        .iter()
        .map(|row| {
            let cell = |c| row.get(c).map_or("", String::as_str);
            (0..headers.len()).map(|c| wrapped(cell(c))).collect()
        })
        .collect();
    let widths: Vec<usize> = headers
        .iter()
        .enumerate()
        .map(|(c, h)| {
            let lines = cells.iter().flat_map(|row| &row[c]);
            lines.fold(h.name.chars().count(), |w, l| w.max(l.chars().count()))
        })
        .collect();
    let line = |text: &dyn Fn(usize) -> String| -> String {
        let padded: Vec<String> = headers
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(c, (h, w))| {
                if h.numeric {
                    format!("{:>w$}", text(c))
                } else {
                    format!("{:<w$}", text(c))
                }
            })
            .collect();
        padded.join("  ").trim_end().to_string()
    };
    let mut lines = vec![
        line(&|c| headers[c].name.clone()),
        line(&|c| "─".repeat(widths[c])),
    ];
    let gap_at = half.min(rows.len());
    for (i, row) in cells.iter().enumerate() {
        if left_out > 0 && i == gap_at {
            lines.push(more_rows(left_out));
        }
        let height = row.iter().map(Vec::len).max().unwrap_or(1);
        lines.extend((0..height).map(|k| line(&|c| row[c].get(k).cloned().unwrap_or_default())));
    }
    if left_out > 0 && gap_at == rows.len() {
        lines.push(more_rows(left_out));
    }
    lines.push(shape(total.max(rows.len()), headers.len()));
    lines.join("\n")
}

/// Widest that a cell of a plain-text table is, in characters; a longer word is not broken.
const WIDEST: usize = 60;

/// A cell's text in lines, broken at spaces.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= WIDEST {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_string());
        }
    }
    lines
}

/// Shows HTML with its plain-text twin in a notebook cell; the reader's program picks the richer that it knows.
pub fn html(html: &str, text: &str) {
    mime("text/html", html);
    mime("text/plain", text);
}

/// Shows in a notebook cell why something cannot be shown.
pub fn error(why: &dyn Display) {
    let text = why.to_string();
    let style = "padding:6px 10px;border-left:3px solid #d55e00;background:rgba(213,94,0,.12)";
    html(
        &format!("<div style=\"{style}\">{}</div>", escape(&text)),
        &text,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> [Header; 2] {
        [
            Header::new("i", "i64", true),
            Header::new("a\"b", "str", false),
        ]
    }

    #[test]
    fn head_and_tail_stand_around_the_gap() {
        let rows: Vec<Vec<String>> = ["0", "1", "98", "99"]
            .map(|v| vec![v.to_string(), "<x>".into()])
            .to_vec();
        let html = html_table(&headers(), rows.clone(), 100);
        let places: Vec<usize> = [">1<", "96 more rows", ">98<"]
            .map(|part| html.find(part).unwrap())
            .to_vec();
        assert!(places.is_sorted() && html.contains("&lt;x&gt;") && html.contains("a&quot;b"));
        assert!(html.contains("nowrap\">98") && html.contains("100 rows × 2 columns"));
        assert_eq!(
            text_table(&headers(), &rows, 100).lines().nth(4),
            Some("… 96 more rows …")
        );
    }

    #[test]
    fn odd_tables_are_tables() {
        assert!(html_table(&headers(), vec![], 0).contains("0 rows × 2 columns"));
        assert!(html_table(&[], vec![vec![]], 1).contains("1 row × 0 columns"));
        assert!(html_table(&headers(), vec![vec!["1".into()]], 2).contains("1 more row …"));
        assert!(text_table(&headers(), &[vec!["1".into()]], 40).contains("39 more rows"));
    }

    #[test]
    fn long_cells_are_broken_at_spaces() {
        let long = "word ".repeat(20);
        let text = text_table(&headers(), &[vec!["1".into(), long]], 1);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert_eq!(lines[2], format!("1  {}", "word ".repeat(12).trim_end()));
        assert_eq!(lines[3], format!("   {}", "word ".repeat(8).trim_end()));
    }

    #[test]
    fn escaping_leaves_no_markup_and_no_control_characters() {
        assert_eq!(
            escape("a<b & \"c\" 'd'>\u{1}\n"),
            "a&lt;b &amp; &quot;c&quot; &#39;d&#39;&gt;\n"
        );
    }
}
