//! The embedded fonts: advances, and letters drawn by plotters.
//!
//! Inter (regular and semi-bold) with DejaVu Sans for the mathematical signs that it lacks; licences in `font/`.

use ab_glyph::{Font, FontRef, GlyphId};
use plotters::style::{FontDesc, FontError, FontFamily, FontStyle, register_font};
use std::sync::LazyLock;

/// What an SVG asks for: the font itself where it is installed, else what the reader has.
pub(crate) const FAMILY: &str = "Inter,'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif";
/// The family of a text as a whole; its letters may come from several faces.
pub(crate) const NAME: &str = "scurve";

struct Face {
    font: FontRef<'static>,
    /// Its name in plotters' table of fonts.
    name: &'static str,
    units: f64,
    /// Ascent and descent, by which plotters scales, in ems.
    height: f64,
}

fn face(name: &'static str, bytes: &'static [u8]) -> Face {
    let font = FontRef::try_from_slice(bytes).expect("the embedded fonts parse: a test reads them");
    // Should plotters refuse a font, drawing in it says so.
    let _ = register_font(name, FontStyle::Normal, bytes);
    let units = f64::from(font.units_per_em().unwrap_or(1000.0));
    let height = f64::from(font.height_unscaled()) / units;
    Face {
        font,
        name,
        units,
        height,
    }
}

/// Regular, semi-bold, mathematical; plotters' table is the process's, so they are registered once.
static FACES: LazyLock<[Face; 3]> = LazyLock::new(|| {
    [
        face(
            "scurve regular",
            include_bytes!("font/Inter-Regular-subset.otf"),
        ),
        face(
            "scurve semi-bold",
            include_bytes!("font/Inter-SemiBold-subset.otf"),
        ),
        face("scurve signs", include_bytes!("font/DejaVuSans-math.ttf")),
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

/// Draws `c` with plotters, its pen on the baseline at (0, 0), the font size `em` pixels: `pixel` gets each pixel's column
/// and row (downwards) and how much of it is covered.
///
/// plotters puts the letter's left edge at the pen and its baseline half a font height down, rounded towards zero; here
/// both are put right.
pub(crate) fn letter<E>(
    c: char,
    bold: bool,
    em: f64,
    mut pixel: impl FnMut(i32, i32, f32) -> Result<(), E>,
) -> Result<Result<(), E>, FontError> {
    let (face, id) = find(c, bold);
    let size = em * face.height;
    let scaled = id.with_scale(size as f32);
    let Some(outline) = face.font.outline_glyph(scaled) else {
        return Ok(Ok(()));
    };
    let corner = outline.px_bounds().min;
    let right = corner.x as i32;
    let down = corner.y as i32 - ((size as f32) / 2.0 + corner.y) as i32;
    let font = FontDesc::new(FontFamily::Name(face.name), size, FontStyle::Normal);
    let mut buffer = [0; 4];
    font.draw(c.encode_utf8(&mut buffer), (right, down), |x, y, cover| {
        pixel(x, y, cover)
    })
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

    fn covered(c: char) -> Vec<(i32, i32)> {
        let mut at = Vec::new();
        let drawn = letter(c, false, 60.0, |x, y, cover| {
            if cover > 0.5 {
                at.push((x, y));
            }
            Ok::<(), ()>(())
        });
        assert!(drawn.is_ok());
        at
    }

    #[test]
    fn letters_stand_on_the_baseline_and_keep_their_space() {
        // An H reaches from the baseline up to the height of capitals, 0.73 ems in Inter, with space on both sides.
        let at = covered('H');
        let (left, right) = (at.iter().map(|p| p.0).min(), at.iter().map(|p| p.0).max());
        let (top, bottom) = (at.iter().map(|p| p.1).min(), at.iter().map(|p| p.1).max());
        assert_eq!(bottom, Some(-1));
        assert!((-45..=-43).contains(&top.unwrap()), "{top:?}");
        let space = advance('H', false) * 60.0 - f64::from(right.unwrap() + 1);
        assert!((f64::from(left.unwrap()) - space).abs() <= 1.5 && space > 3.0);
    }

    #[test]
    fn advances_are_plausible_and_unknown_signs_are_a_box() {
        assert!((0.2..1.2).contains(&advance('m', false)));
        assert!(advance('m', true) > advance('i', true));
        assert!(!covered('漢').is_empty());
        assert!(covered(' ').is_empty());
    }
}
