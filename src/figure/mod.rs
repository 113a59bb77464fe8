//! Figures: small multiples of lines, bands, points, bars, histograms and heat maps, as SVG and PNG.
//!
//! A [`Figure`] holds [`Panel`]s; both are built by chaining, own their data and say what is wrong with it instead of
//! drawing nonsense. Legends stand outside the axes and are shared where panels show the same series. The same scene
//! is drawn with plotters as SVG (text as text, a few tens of kilobytes) and as PNG (twice the size, embedded font, the
//! same bytes on every machine).
//!
//! ```
//! use scurve::figure::{Figure, Panel};
//! let steps: Vec<f64> = (1..=1000).map(f64::from).collect();
//! let loss: Vec<f64> = steps.iter().map(|t| 1.0 / t).collect();
//! let figure = Figure::new("Loss of a single component").panel(
//!     Panel::new("").x("step").y("loss").log_x().log_y().line("SGD", &steps, &loss).v_line(100.0, "plateau ends"),
//! );
//! assert!(figure.svg()?.len() < 20_000);
//! assert!(figure.png()?.starts_with(b"\x89PNG"));
//! # Ok::<(), scurve::error::Error>(())
//! ```

mod annotate;
mod axes;
mod bitmap;
mod colour;
mod draw;
mod font;
mod frame;
mod heat;
mod label;
mod layout;
mod legend;
mod mark;
mod page;
mod panel;
mod path;
mod render;
mod scale;
mod scene;
mod series;
mod style;
mod svg;
#[cfg(test)]
mod tests;
mod theme;
mod ticks;
mod tidy;

pub use colour::{Colour, ColourMap, Rgb};
pub use panel::{Legend, Panel};
pub use style::{Dash, Marker, Style};

use crate::display;
use crate::error::{Error, Result};
use std::io::Write;
use std::path::Path;

/// Panels in a grid, with a title above and notes below.
#[derive(Clone, Default)]
pub struct Figure {
    title: String,
    columns: Option<usize>,
    size: Option<(f64, f64)>,
    panels: Vec<Panel>,
    notes: Vec<String>,
}

/// Short, for messages: the data stay out. (A notebook cell whose last expression moves a variable of an earlier line falls back
/// to this; name the figure in a `let` and end the cell with the name to see it drawn.)
impl std::fmt::Debug for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Figure {:?} of {} panels; to see it drawn: `let figure = …;`, then `figure` as the cell's last line",
            self.title,
            self.panels.len()
        )
    }
}

impl Figure {
    /// A figure without panels; an empty title takes no room.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// How many panels stand side by side; without it, as many as 900 pixels hold well.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = Some(columns);
        self
    }

    /// Width and height of each panel in pixels, with its labels and without its legend.
    pub fn size(mut self, width: f64, height: f64) -> Self {
        self.size = Some((width, height));
        self
    }

    /// Adds a panel.
    pub fn panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// Adds panels.
    pub fn panels(mut self, panels: Vec<Panel>) -> Self {
        self.panels.extend(panels);
        self
    }

    /// Adds a line of caption below the panels; long ones are wrapped.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The figure as an SVG document.
    ///
    /// # Errors
    /// [`Error::Setting`] names the panel's or series' field that cannot be drawn (lengths that differ, a range that is
    /// empty, no bins …); [`Error::Figure`] when the figure as a whole cannot.
    pub fn svg(&self) -> Result<String> {
        svg::svg(&layout::compose(self)?)
    }

    /// The figure as a PNG with two pixels for one of the SVG. The same figure gives the same bytes on every machine.
    ///
    /// # Errors
    /// As [`Figure::svg`].
    pub fn png(&self) -> Result<Vec<u8>> {
        bitmap::png(&layout::compose(self)?)
    }

    /// Writes the figure to a file, `.svg` or `.png` by its name: to a temporary name first, then renamed, so that
    /// no reader sees half of it.
    ///
    /// # Errors
    /// As [`Figure::svg`]; [`Error::Figure`] for another extension; [`Error::Io`] when the folder cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default()
            .to_ascii_lowercase();
        let bytes = match extension.as_str() {
            "svg" => self.svg()?.into_bytes(),
            "png" => self.png()?,
            _ => {
                return Err(Error::setting(
                    "path",
                    path.display(),
                    "a file name that ends in .svg or .png",
                ));
            }
        };
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let written = || -> std::io::Result<()> {
            let mut file = tempfile::Builder::new()
                .prefix(".figure-")
                .tempfile_in(folder)?;
            file.write_all(&bytes)?;
            readable(file.as_file())?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|e| e.error)?;
            Ok(())
        };
        written().map_err(|e| Error::io(path, e))
    }

    /// Shows the figure in a notebook cell. A figure that cannot be drawn shows why.
    pub fn evcxr_display(&self) {
        match self.svg() {
            Ok(svg) => display::mime("image/svg+xml", &svg),
            Err(e) => display::error(&e),
        }
    }
}

/// Temporary files are for their owner alone; a figure is for everyone who may read the folder.
#[cfg(unix)]
fn readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

/// Several named figures, shown below one another by one cell.
#[derive(Clone, Debug, Default)]
pub struct Figures(pub Vec<(String, Figure)>);

impl Figures {
    /// No figures.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a figure under a name; the name is its file's name when all are written.
    pub fn with(mut self, name: impl Into<String>, figure: Figure) -> Self {
        self.0.push((name.into(), figure));
        self
    }

    /// The names, in order.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The figure of this name.
    ///
    /// # Errors
    /// [`Error::Figure`] names those that there are.
    pub fn get(&self, name: &str) -> Result<&Figure> {
        let found = self
            .0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, figure)| figure);
        found.ok_or_else(|| {
            Error::Figure(format!(
                "there is no figure `{name}`; there are: {}",
                self.names().join(", ")
            ))
        })
    }

    /// All figures as one piece of HTML.
    ///
    /// # Errors
    /// As [`Figure::svg`].
    pub fn html(&self) -> Result<String> {
        let svgs: Result<Vec<String>> = self.0.iter().map(|(_, figure)| figure.svg()).collect();
        Ok(svgs?
            .iter()
            .map(|svg| format!("<div style=\"margin:0 0 12px\">{svg}</div>\n"))
            .collect())
    }

    /// Shows all figures in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.html() {
            Ok(html) => display::mime("text/html", &html),
            Err(e) => display::error(&e),
        }
    }
}
