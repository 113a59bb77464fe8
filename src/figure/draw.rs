//! Marks on the page.

use super::heat;
use super::mark::{Kind, Mark, histogram};
use super::panel::Panel;
use super::path;
use super::scale::{Point, Rect, Scale};
use super::scene::{Op, Pen, Scene};
use super::series::Look;
use super::theme;
use std::collections::HashMap;

/// Farthest that a drawn curve may leave its data, in pixels.
const TOLERANCE: f64 = 0.2;
/// Points of a figure's families of lines above which they are simplified further, so that many seeds stay a small file.
const BUDGET: usize = 6400;

/// Where marks are drawn.
pub(crate) struct Page<'a> {
    pub panel: &'a Panel,
    pub plot: Rect,
    pub x: Scale,
    pub y: Scale,
    /// How many families of lines the figure has: they share the budget.
    pub families: usize,
}

impl Page<'_> {
    pub fn at(&self, x: f64, y: f64) -> Option<Point> {
        Some((self.x.at(x)?, self.y.at(y)?))
    }

    /// Draws all marks, areas below lines below points, each kind in the order in which they were added.
    pub fn draw(&self, scene: &mut Scene, looks: &[Look]) {
        let marks = || self.panel.marks.iter().zip(looks);
        for (mark, look) in marks() {
            match &mark.kind {
                Kind::HeatMap(map) => {
                    heat::draw(scene, self.panel, map, &self.plot, &self.x, &self.y)
                }
                Kind::Band { xs, low, high } => self.band(scene, look, xs, low, high),
                Kind::Histogram { values, bins } => self.histogram(scene, look, values, *bins),
                Kind::Bars {
                    values, interval, ..
                } => self.bars(scene, mark, look, values, interval.as_ref()),
                _ => {}
            }
        }
        for (mark, look) in marks() {
            match &mark.kind {
                Kind::VLine(x) => self.guide(
                    scene,
                    look,
                    self.x
                        .at(*x)
                        .map(|x| [(x, self.plot.top), (x, self.plot.bottom)]),
                ),
                Kind::HLine(y) => self.guide(
                    scene,
                    look,
                    self.y
                        .at(*y)
                        .map(|y| [(self.plot.left, y), (self.plot.right, y)]),
                ),
                Kind::Diagonal => self.diagonal(scene, look),
                _ => {}
            }
        }
        for (mark, look) in marks() {
            match &mark.kind {
                Kind::LightLines(lines) => self.lines(
                    scene,
                    look,
                    lines.iter().map(|(x, y)| (&x[..], &y[..])).collect(),
                ),
                Kind::Line { xs, ys } => {
                    self.lines(scene, look, vec![(xs, ys)]);
                    if look.marked {
                        self.points(scene, look, xs, ys);
                    }
                }
                Kind::Scatter { xs, ys } => self.points(scene, look, xs, ys),
                Kind::ErrorBars { xs, ys, low, high } => {
                    self.whiskers(
                        scene,
                        look,
                        xs.iter()
                            .copied()
                            .zip(low.iter().copied().zip(high.iter().copied())),
                    );
                    self.points(scene, look, xs, ys);
                }
                _ => {}
            }
        }
        self.annotations(scene, looks);
    }

    fn lines(&self, scene: &mut Scene, look: &Look, lines: Vec<(&[f64], &[f64])>) {
        let clipped: Vec<Vec<Point>> = lines
            .iter()
            .flat_map(|(xs, ys)| {
                path::clip_line(xs.iter().zip(*ys).map(|(&x, &y)| self.at(x, y)), &self.plot)
            })
            .collect();
        let mut tolerance = if look.width < 1.0 {
            1.5 * TOLERANCE
        } else {
            TOLERANCE
        };
        let mut paths: Vec<Vec<Point>> = clipped.iter().map(|p| path::thin(p, tolerance)).collect();
        let budget = BUDGET / self.families.max(1);
        while paths.iter().map(Vec::len).sum::<usize>() > budget
            && tolerance < 1.5
            && paths.len() > 1
        {
            tolerance *= 1.3;
            paths = clipped.iter().map(|p| path::thin(p, tolerance)).collect();
        }
        scene.ops.push(Op::Lines {
            paths,
            pen: look.pen(),
        });
    }

    fn points(&self, scene: &mut Scene, look: &Look, xs: &[f64], ys: &[f64]) {
        let Look {
            marker,
            size,
            colour,
            alpha,
            ..
        } = *look;
        // Of very many points, those that would change nothing on a spot already dark are left out.
        let most = match xs.len() {
            0..=2000 => usize::MAX,
            _ if alpha >= 1.0 => 1,
            _ => (3.0 / alpha).ceil() as usize,
        };
        let mut spots: HashMap<(i64, i64), usize> = HashMap::new();
        let places = xs.iter().zip(ys).filter_map(|(&x, &y)| self.at(x, y));
        let at = places
            .filter(|p| self.plot.contains(*p))
            .filter(|p| {
                let seen = spots
                    .entry(((2.0 * p.0) as i64, (2.0 * p.1) as i64))
                    .or_default();
                *seen += 1;
                *seen <= most
            })
            .collect();
        scene.ops.push(Op::Markers {
            at,
            marker,
            size,
            colour,
            alpha,
        });
    }

    fn band(&self, scene: &mut Scene, look: &Look, xs: &[f64], low: &[f64], high: &[f64]) {
        let mut rings = Vec::new();
        let (mut lower, mut upper): (Vec<Point>, Vec<Point>) = (Vec::new(), Vec::new());
        let mut close = |lower: &mut Vec<Point>, upper: &mut Vec<Point>| {
            if lower.len() > 1 {
                let mut ring = path::thin(upper, TOLERANCE);
                ring.extend(path::thin(lower, TOLERANCE).into_iter().rev());
                rings.push(path::clip_polygon(&ring, &self.plot));
            }
            lower.clear();
            upper.clear();
        };
        for ((&x, &l), &h) in xs.iter().zip(low).zip(high) {
            // A low end at or below zero reaches the bottom of a logarithmic axis.
            match (self.x.at(x), self.y.at_or_below(l), self.y.at(h)) {
                (Some(x), Some(l), Some(h)) => {
                    // Far outside the page is just outside: keeps thinning in proportion.
                    let near = |y: f64| y.clamp(self.plot.top - 2000.0, self.plot.bottom + 2000.0);
                    lower.push((x, near(l)));
                    upper.push((x, near(h)));
                }
                _ => close(&mut lower, &mut upper),
            }
        }
        close(&mut lower, &mut upper);
        rings.retain(|r| r.len() > 2);
        scene.ops.push(Op::Areas {
            rings,
            colour: look.colour,
            alpha: look.alpha,
        });
    }

    fn whiskers(
        &self,
        scene: &mut Scene,
        look: &Look,
        ends: impl Iterator<Item = (f64, (f64, f64))>,
    ) {
        let (mut segments, cap) = (Vec::new(), 2.5);
        for (x, (low, high)) in ends {
            let (Some(x), Some(l), Some(h)) =
                (self.x.at(x), self.y.at_or_below(low), self.y.at(high))
            else {
                continue;
            };
            if x < self.plot.left || x > self.plot.right {
                continue;
            }
            let inside = |y: f64| y.clamp(self.plot.top, self.plot.bottom);
            segments.push(((x, inside(l)), (x, inside(h))));
            for y in [l, h] {
                if y >= self.plot.top && y <= self.plot.bottom {
                    segments.push(((x - cap, y), (x + cap, y)));
                }
            }
        }
        scene.ops.push(Op::Rules {
            segments,
            colour: look.colour,
            width: look.width,
        });
    }

    /// A rectangle in data, cut to the page; its low side may be below a logarithmic axis.
    fn block(&self, (x0, x1): (f64, f64), (y0, y1): (f64, f64)) -> Option<Vec<Point>> {
        let (left, right) = (self.x.at(x0)?, self.x.at(x1)?);
        let (bottom, top) = (self.y.at_or_below(y0)?, self.y.at_or_below(y1)?);
        let ring = path::clip_polygon(
            &[(left, bottom), (right, bottom), (right, top), (left, top)],
            &self.plot,
        );
        (ring.len() > 2).then_some(ring)
    }

    fn histogram(&self, scene: &mut Scene, look: &Look, values: &[f64], bins: usize) {
        let Some((edges, counts)) = histogram(values, bins, self.panel.x.log) else {
            return;
        };
        let mut rings = Vec::new();
        let mut outline = vec![(edges[0], 0.0)];
        for (edge, &count) in edges.windows(2).zip(&counts) {
            if count > 0 {
                rings.extend(self.block((edge[0], edge[1]), (0.0, count as f64)));
            }
            outline.extend([(edge[0], count as f64), (edge[1], count as f64)]);
        }
        outline.push((edges[edges.len() - 1], 0.0));
        scene.ops.push(Op::Areas {
            rings,
            colour: look.colour,
            alpha: look.alpha,
        });
        let points = outline
            .into_iter()
            .map(|(x, y)| Some((self.x.at(x)?, self.y.at_or_below(y)?)));
        let paths = path::clip_line(points, &self.plot);
        scene.ops.push(Op::Lines {
            paths,
            pen: Pen::solid(look.colour, look.width),
        });
    }

    fn bars(
        &self,
        scene: &mut Scene,
        mark: &Mark,
        look: &Look,
        values: &[f64],
        interval: Option<&(Vec<f64>, Vec<f64>)>,
    ) {
        let groups: Vec<&Mark> = self
            .panel
            .marks
            .iter()
            .filter(|m| matches!(m.kind, Kind::Bars { .. }))
            .collect();
        let place = groups
            .iter()
            .position(|m| std::ptr::eq(*m, mark))
            .unwrap_or(0) as f64;
        let width = 0.76 / groups.len().max(1) as f64;
        let left = |i: usize| i as f64 - 0.38 + place * width;
        let gap = if groups.len() > 1 { 0.04 * width } else { 0.0 };
        let bars = values.iter().enumerate().filter(|(_, v)| v.is_finite());
        let rings = bars
            .filter_map(|(i, &v)| {
                self.block(
                    (left(i) + gap, left(i) + width - gap),
                    (v.min(0.0), v.max(0.0)),
                )
            })
            .collect();
        scene.ops.push(Op::Areas {
            rings,
            colour: look.colour,
            alpha: look.alpha,
        });
        if let Some((low, high)) = interval {
            let ends = low.iter().copied().zip(high.iter().copied()).enumerate();
            let dark = Look {
                colour: theme::TEXT,
                ..*look
            };
            self.whiskers(
                scene,
                &dark,
                ends.map(|(i, ends)| (left(i) + width / 2.0, ends)),
            );
        }
    }

    fn guide(&self, scene: &mut Scene, look: &Look, ends: Option<[Point; 2]>) {
        let paths = path::clip_line(ends.into_iter().flatten().map(Some), &self.plot);
        scene.ops.push(Op::Lines {
            paths,
            pen: look.pen(),
        });
    }

    fn diagonal(&self, scene: &mut Scene, look: &Look) {
        // Straight only where both axes are of one kind: follow it in steps.
        let part = |i: i32| f64::from(i) / 200.0;
        let value = |t: f64| {
            let Scale { log, low, high, .. } = self.x;
            if log {
                10f64.powf(low.log10() + t * (high.log10() - low.log10()))
            } else {
                low + t * (high - low)
            }
        };
        let points = (0..=200).map(|i| value(part(i))).map(|v| self.at(v, v));
        let paths = path::clip_line(points, &self.plot)
            .iter()
            .map(|p| path::thin(p, 0.1))
            .collect();
        scene.ops.push(Op::Lines {
            paths,
            pen: look.pen(),
        });
    }
}
