//! What a notebook cell shows: HTML tables, numbers, MIME blocks.

use std::fmt::Write;

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

/// `text` with the five characters that HTML and XML reserve replaced.
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
    if x == 0.0 {
        return "0".into();
    }
    if !x.is_finite() {
        return x.to_string();
    }
    let scientific = format!("{x:.4e}");
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
        trim(&format!("{x:.*}", (4 - exponent).max(0) as usize))
    } else {
        format!("{}e{exponent}", trim(mantissa))
    }
}

/// A table of `total` rows of which `rows` are shown (head and tail when there are fewer).
///
/// Cells are text and are escaped here. The caption gives the shape; a row of dots stands for what is left out.
pub fn html_table(headers: &[Header], rows: Vec<Vec<String>>, total: usize) -> String {
    let left_out = total.saturating_sub(rows.len());
    let half = if left_out > 0 { rows.len().div_ceil(2) } else { rows.len() };
    let mut out = String::from("<table><thead><tr>");
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
            let _ = write!(
                out,
                "<tr><td colspan=\"{}\" style=\"text-align:center;opacity:.65\">… {left_out} more rows …</td></tr>",
                headers.len()
            );
        }
        out.push_str("<tr>");
        for (h, cell) in headers.iter().zip(row) {
            let _ = write!(out, "<td style=\"text-align:{}\">{}</td>", align(h.numeric), escape(cell));
        }
        out.push_str("</tr>");
    }
    let _ = write!(
        out,
        "</tbody></table><p style=\"margin:0;opacity:.65\"><small>{total} row{} × {} column{}</small></p>",
        if total == 1 { "" } else { "s" },
        headers.len(),
        if headers.len() == 1 { "" } else { "s" }
    );
    out
}

fn align(numeric: bool) -> &'static str {
    if numeric { "right" } else { "left" }
}
