//! What a panel can show, checked and measured before anything is drawn.

use super::colour::ColourMap;
use super::scale::Extent;
use super::style::Style;
use crate::error::{Error, Result};

/// A heat map: `values[row * xs.len() + column]` at (`xs[column]`, `ys[row]`), the cells' middles.
#[derive(Clone, Debug)]
pub(crate) struct HeatMap {
    pub xs: Vec<f64>,
    pub ys: Vec<f64>,
    pub values: Vec<f64>,
    pub label: String,
    pub log: bool,
    pub map: ColourMap,
    pub range: Option<(f64, f64)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Line {
        xs: Vec<f64>,
        ys: Vec<f64>,
    },
    LightLines(Vec<(Vec<f64>, Vec<f64>)>),
    Band {
        xs: Vec<f64>,
        low: Vec<f64>,
        high: Vec<f64>,
    },
    Scatter {
        xs: Vec<f64>,
        ys: Vec<f64>,
    },
    ErrorBars {
        xs: Vec<f64>,
        ys: Vec<f64>,
        low: Vec<f64>,
        high: Vec<f64>,
    },
    Histogram {
        values: Vec<f64>,
        bins: usize,
    },
    Bars {
        categories: Vec<String>,
        values: Vec<f64>,
        interval: Option<(Vec<f64>, Vec<f64>)>,
    },
    HeatMap(HeatMap),
    VLine(f64),
    HLine(f64),
    Text {
        x: f64,
        y: f64,
    },
    Diagonal,
}

/// A mark with its label and style.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub label: String,
    pub kind: Kind,
    pub style: Style,
}

fn same_length(what: &str, name: &str, got: usize, base: &str, want: usize) -> Result<()> {
    if got == want {
        return Ok(());
    }
    Err(Error::setting(
        format!("{what}: length of {name}"),
        got,
        format!("{want}, the length of {base}: give one value of each for every point"),
    ))
}

fn increasing(what: &str, name: &str, values: &[f64], log: bool) -> Result<()> {
    let ordered = values.windows(2).all(|w| w[1] > w[0]) && values.iter().all(|v| v.is_finite());
    if values.is_empty() || !ordered || (log && values[0] <= 0.0) {
        let positive = if log {
            ", positive (the axis is logarithmic)"
        } else {
            ""
        };
        return Err(Error::setting(
            format!("{what}: {name}"),
            format!("[{} values]", values.len()),
            format!(
                "at least one value, finite and strictly increasing{positive}: the middles of the cells"
            ),
        ));
    }
    Ok(())
}

impl Mark {
    /// How messages name it.
    pub fn name(&self) -> String {
        let kind = match &self.kind {
            Kind::Line { .. } => "line",
            Kind::LightLines(_) => "light lines",
            Kind::Band { .. } => "band",
            Kind::Scatter { .. } => "scatter",
            Kind::ErrorBars { .. } => "error bars",
            Kind::Histogram { .. } => "histogram",
            Kind::Bars { .. } => "bars",
            Kind::HeatMap(_) => "heat map",
            Kind::VLine(_) => "vertical line",
            Kind::HLine(_) => "horizontal line",
            Kind::Text { .. } => "text",
            Kind::Diagonal => "diagonal",
        };
        if self.label.is_empty() {
            kind.to_string()
        } else {
            format!("{kind} “{}”", self.label)
        }
    }

    /// Refuses what cannot be drawn: lengths that differ, no bins, cells without order.
    pub fn check(&self, log_x: bool, log_y: bool) -> Result<()> {
        let what = self.name();
        self.style.check(&what)?;
        match &self.kind {
            Kind::Line { xs, ys } | Kind::Scatter { xs, ys } => {
                same_length(&what, "ys", ys.len(), "xs", xs.len())
            }
            Kind::LightLines(lines) => lines.iter().enumerate().try_for_each(|(i, (xs, ys))| {
                same_length(&format!("{what}, line {i}"), "ys", ys.len(), "xs", xs.len())
            }),
            Kind::Band { xs, low, high } => {
                same_length(&what, "low", low.len(), "xs", xs.len())?;
                same_length(&what, "high", high.len(), "xs", xs.len())
            }
            Kind::ErrorBars { xs, ys, low, high } => {
                same_length(&what, "ys", ys.len(), "xs", xs.len())?;
                same_length(&what, "low", low.len(), "xs", xs.len())?;
                same_length(&what, "high", high.len(), "xs", xs.len())
            }
            Kind::Histogram { bins, .. } if !(1..=2000).contains(bins) => Err(Error::setting(
                format!("{what}: bins"),
                bins,
                "from 1 to 2000",
            )),
            Kind::Bars {
                categories,
                values,
                interval,
            } => {
                same_length(
                    &what,
                    "values",
                    values.len(),
                    "categories",
                    categories.len(),
                )?;
                if let Some((low, high)) = interval {
                    same_length(&what, "low", low.len(), "categories", categories.len())?;
                    same_length(&what, "high", high.len(), "categories", categories.len())?;
                }
                Ok(())
            }
            Kind::HeatMap(map) => {
                increasing(&what, "xs", &map.xs, log_x)?;
                increasing(&what, "ys", &map.ys, log_y)?;
                let cells = map.xs.len() * map.ys.len();
                same_length(
                    &what,
                    "values",
                    map.values.len(),
                    "xs times that of ys",
                    cells,
                )?;
                match map.range {
                    Some((a, b))
                        if !(a < b && a.is_finite() && b.is_finite() && (!map.log || a > 0.0)) =>
                    {
                        Err(Error::setting(
                            format!("{what}: colour range"),
                            format!("({a}, {b})"),
                            "finite, from less to more, and positive where the colours are logarithmic",
                        ))
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Adds what the mark shows to the ranges of the axes.
    pub fn extend(&self, x: &mut Extent, y: &mut Extent, log_x: bool, log_y: bool) {
        match &self.kind {
            Kind::Line { xs, ys } | Kind::Scatter { xs, ys } => extend_points(x, y, xs, ys, log_y),
            Kind::LightLines(lines) => lines
                .iter()
                .for_each(|(xs, ys)| extend_points(x, y, xs, ys, log_y)),
            Kind::Band { xs, low, high } => {
                extend_points(x, y, xs, low, log_y);
                extend_points(x, y, xs, high, log_y);
            }
            Kind::ErrorBars { xs, ys, low, high } => {
                for values in [ys, low, high] {
                    extend_points(x, y, xs, values, log_y);
                }
            }
            Kind::Histogram { values, bins } => {
                if let Some((edges, counts)) = histogram(values, *bins, log_x) {
                    x.add_all(&edges);
                    counts.iter().for_each(|&c| y.add(c as f64));
                    y.add(if log_y { 0.8 } else { 0.0 });
                }
            }
            Kind::Bars {
                categories,
                values,
                interval,
            } => {
                x.add(-0.5);
                x.add(categories.len() as f64 - 0.5);
                y.add(0.0);
                y.add_all(values);
                if let Some((low, high)) = interval {
                    y.add_all(low);
                    y.add_all(high);
                }
            }
            Kind::HeatMap(map) => {
                x.add_all(&edges(&map.xs, log_x));
                y.add_all(&edges(&map.ys, log_y));
            }
            Kind::VLine(at) => x.add(*at),
            Kind::HLine(at) => y.add(*at),
            Kind::Text { x: at, y: up } => {
                x.add(*at);
                y.add(*up);
            }
            Kind::Diagonal => {}
        }
    }

    /// How many finite values a logarithmic axis leaves out.
    pub fn not_positive(&self, log_x: bool, log_y: bool) -> usize {
        let lost = |x: f64, y: f64| {
            x.is_finite() && y.is_finite() && ((log_x && x <= 0.0) || (log_y && y <= 0.0))
        };
        let count =
            |xs: &[f64], ys: &[f64]| xs.iter().zip(ys).filter(|(x, y)| lost(**x, **y)).count();
        match &self.kind {
            Kind::Line { xs, ys } | Kind::Scatter { xs, ys } | Kind::ErrorBars { xs, ys, .. } => {
                count(xs, ys)
            }
            Kind::LightLines(lines) => lines.iter().map(|(xs, ys)| count(xs, ys)).sum(),
            Kind::Band { xs, high, .. } => count(xs, high),
            Kind::Histogram { values, .. } if log_x => values
                .iter()
                .filter(|v| **v <= 0.0 && v.is_finite())
                .count(),
            Kind::HeatMap(map) if map.log => map
                .values
                .iter()
                .filter(|v| **v <= 0.0 && v.is_finite())
                .count(),
            _ => 0,
        }
    }
}

/// A point counts only where both its values can be shown.
fn extend_points(x: &mut Extent, y: &mut Extent, xs: &[f64], ys: &[f64], log_y: bool) {
    for (&a, &b) in xs.iter().zip(ys) {
        if a.is_finite() && b.is_finite() {
            if !(log_y && b <= 0.0) {
                x.add(a);
            }
            y.add(b);
        }
    }
}

/// Edges of cells from their middles: half way between, or the geometric mean on a logarithmic axis.
pub(crate) fn edges(middles: &[f64], log: bool) -> Vec<f64> {
    let value = |v: f64| if log { v.ln() } else { v };
    let back = |v: f64| if log { v.exp() } else { v };
    let m: Vec<f64> = middles.iter().map(|&v| value(v)).collect();
    let n = m.len();
    if n == 0 {
        return Vec::new();
    }
    let first_half = if n > 1 { (m[1] - m[0]) / 2.0 } else { 0.5 };
    let last_half = if n > 1 {
        (m[n - 1] - m[n - 2]) / 2.0
    } else {
        0.5
    };
    let mut edges = vec![back(m[0] - first_half)];
    edges.extend(m.windows(2).map(|w| back((w[0] + w[1]) / 2.0)));
    edges.push(back(m[n - 1] + last_half));
    edges
}

/// Edges and counts of `bins` bins of equal width (of equal ratio on a logarithmic axis); `None` without values.
pub(crate) fn histogram(values: &[f64], bins: usize, log: bool) -> Option<(Vec<f64>, Vec<usize>)> {
    let usable = |v: &&f64| v.is_finite() && (!log || **v > 0.0);
    let value = |v: f64| if log { v.ln() } else { v };
    let mut extent = Extent::new(false);
    values
        .iter()
        .filter(usable)
        .for_each(|&v| extent.add(value(v)));
    if extent.is_empty() || bins == 0 {
        return None;
    }
    let (low, high) = if extent.high > extent.low {
        (extent.low, extent.high)
    } else {
        extent.padded(0.0, 0.0)
    };
    let width = high / bins as f64 - low / bins as f64;
    let mut counts = vec![0; bins];
    for &v in values.iter().filter(usable) {
        counts[(((value(v) - low) / width) as usize).min(bins - 1)] += 1;
    }
    let edge = |i: usize| {
        if i == bins {
            high
        } else {
            low + width * i as f64
        }
    };
    let edges = (0..=bins)
        .map(|i| if log { edge(i).exp() } else { edge(i) })
        .collect();
    Some((edges, counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_known_answer() {
        let (edges, counts) = histogram(&[0.0, 0.1, 0.5, 1.0, f64::NAN], 2, false).unwrap();
        assert_eq!((edges, counts), (vec![0.0, 0.5, 1.0], vec![2, 2]));
        let (_, counts) = histogram(&[1.0, 10.0, 100.0, -5.0], 2, true).unwrap();
        assert_eq!(counts, [1, 2]);
        assert!(histogram(&[f64::NAN], 3, false).is_none());
        assert_eq!(
            histogram(&[2.0, 2.0], 3, false)
                .unwrap()
                .1
                .iter()
                .sum::<usize>(),
            2
        );
    }

    #[test]
    fn edges_lie_between() {
        assert_eq!(edges(&[0.0, 1.0, 3.0], false), [-0.5, 0.5, 2.0, 4.0]);
        let log = edges(&[1.0, 100.0], true);
        assert!((log[1] - 10.0).abs() < 1e-12 && (log[0] - 0.1).abs() < 1e-12);
        assert_eq!(edges(&[5.0], false), [4.5, 5.5]);
    }
}
