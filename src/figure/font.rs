//! The embedded fonts: advances and outlines.
//!
//! Inter (regular and semi-bold) with DejaVu Sans for the mathematical signs that it lacks; licences in `font/`.

use ab_glyph::{Font, FontRef, GlyphId, OutlineCurve, Point};
use std::sync::LazyLock;

/// What an SVG asks for: the font itself where it is installed, else what the reader has.
pub(crate) const FAMILY: &str = "Inter,'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif";

struct Face {
    font: FontRef<'static>,
    units: f64,
}

fn face(bytes: &'static [u8]) -> Face {
    let font = FontRef::try_from_slice(bytes).expect("the embedded fonts parse: a test reads them");
    let units = f64::from(font.units_per_em().unwrap_or(1000.0));
    Face { font, units }
}

/// Regular, semi-bold, mathematical.
static FACES: LazyLock<[Face; 3]> = LazyLock::new(|| {
    [
        face(include_bytes!("font/Inter-Regular-subset.otf")),
        face(include_bytes!("font/Inter-SemiBold-subset.otf")),
        face(include_bytes!("font/DejaVuSans-math.ttf")),
    ]
});

/// The face that has `c`, else the regular one with its "not defined" box.
fn find(c: char, bold: bool) -> (&'static Face, GlyphId) {
    let order: &[usize] = if bold { &[1, 0, 2] } else { &[0, 2] };
    for &i in order {
        let id = FACES[i].font.glyph_id(c);
        if id.0 != 0 {
            return (&FACES[i], id);
        }
    }
    (&FACES[0], GlyphId(0))
}

/// How far `c` moves the pen, in font sizes.
pub(crate) fn advance(c: char, bold: bool) -> f64 {
    let (face, id) = find(c, bold);
    f64::from(face.font.h_advance_unscaled(id)) / face.units
}

/// Whether the fonts have `c`.
#[cfg(test)]
fn has(c: char) -> bool {
    find(c, false).1.0 != 0
}

/// Closed contours of `c` in font sizes, y downwards, pen at the origin; curves are cut into chords no farther than
/// about 0.05 px from them at the sizes in use.
pub(crate) fn contours(c: char, bold: bool) -> Vec<Vec<(f64, f64)>> {
    let (face, id) = find(c, bold);
    let Some(outline) = face.font.outline(id) else {
        return Vec::new();
    };
    let scaled = |p: Point| (f64::from(p.x) / face.units, -f64::from(p.y) / face.units);
    let mut contours: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut last = None;
    for curve in outline.curves {
        let (start, points): (Point, Vec<(f64, f64)>) = match curve {
            OutlineCurve::Line(a, b) => (a, vec![scaled(b)]),
            OutlineCurve::Quad(a, b, c) => {
                let (p, q, r) = (scaled(a), scaled(b), scaled(c));
                let at = |t: f64| {
                    let s = 1.0 - t;
                    let mix = |x: f64, y: f64, z: f64| s * s * x + 2.0 * s * t * y + t * t * z;
                    (mix(p.0, q.0, r.0), mix(p.1, q.1, r.1))
                };
                (a, (1..=6).map(|i| at(f64::from(i) / 6.0)).collect())
            }
            OutlineCurve::Cubic(a, b, c, d) => {
                let (p, q, r, u) = (scaled(a), scaled(b), scaled(c), scaled(d));
                let at = |t: f64| {
                    let s = 1.0 - t;
                    let mix = |w: f64, x: f64, y: f64, z: f64| {
                        s * s * s * w + 3.0 * s * s * t * x + 3.0 * s * t * t * y + t * t * t * z
                    };
                    (mix(p.0, q.0, r.0, u.0), mix(p.1, q.1, r.1, u.1))
                };
                (a, (1..=8).map(|i| at(f64::from(i) / 8.0)).collect())
            }
        };
        let from = scaled(start);
        if last != Some(from) {
            contours.push(vec![from]);
        }
        last = points.last().copied();
        if let Some(contour) = contours.last_mut() {
            contour.extend(points);
        }
    }
    contours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_have_what_labels_use() {
        let wanted = "aZ09αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΦΨΩϕ×·−±∓≤≥≈≠≡∼∝∞∂∇∑∏√∫→←↔⇒∈∘∥‖⟨⟩⌊⌋ℓ⊤⊙⊗…–—’“”°′⁰¹²³⁻₀₁₂ᵢ≪≫ℝ⋯éℒ𝔼";
        let missing: String = wanted.chars().filter(|&c| !has(c)).collect();
        assert_eq!(missing, "");
    }

    #[test]
    fn advances_are_plausible_and_unknown_signs_are_a_box() {
        assert!((0.2..1.2).contains(&advance('m', false)));
        assert!(advance('m', true) > advance('i', true));
        assert!(!contours('漢', false).is_empty());
        assert!(contours(' ', false).is_empty());
        assert_eq!(contours('o', false).len(), 2);
    }
}
