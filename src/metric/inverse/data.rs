//! Observed levels on one grid of times.

/// One observed level of a skill.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// Where in [`Data::times`].
    pub at: usize,
    /// The level.
    pub level: f64,
    /// Its weight.
    pub weight: f64,
}

/// Levels of all skills.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Data {
    /// Ascending, each once.
    pub times: Vec<f64>,
    /// A skill each, ascending in time.
    pub seen: Vec<Vec<Seen>>,
}

impl Data {
    pub fn skills(&self) -> usize {
        self.seen.len()
    }

    pub fn count(&self) -> usize {
        self.seen.iter().map(Vec::len).sum()
    }

    pub fn end(&self) -> f64 {
        self.times.last().copied().unwrap_or(0.0)
    }

    /// Neighbouring times put together, so that at most `points` are left.
    pub fn thinned(&self, points: usize) -> Self {
        let size = self.times.len().div_ceil(points.max(1));
        if size < 2 {
            return self.clone();
        }
        let times: Vec<f64> = self
            .times
            .chunks(size)
            .map(|c| c.iter().sum::<f64>() / c.len() as f64)
            .collect();
        let thin = |seen: &Vec<Seen>| {
            let mut out: Vec<Seen> = Vec::new();
            for s in seen {
                let at = s.at / size;
                match out.last_mut() {
                    Some(last) if last.at == at => {
                        let weight = last.weight + s.weight;
                        last.level += (s.level - last.level) * s.weight / weight;
                        last.weight = weight;
                    }
                    _ => out.push(Seen { at, ..*s }),
                }
            }
            // The mean over a stretch of a curve that bends differs from the curve in its middle by s'' Δ² / 24.
            let share = (1.0 - 1.0 / (size * size) as f64) / 24.0;
            let bends: Vec<f64> = out
                .windows(3)
                .map(|w| w[2].level - 2.0 * w[1].level + w[0].level)
                .collect();
            for (s, bend) in out.iter_mut().skip(1).zip(bends) {
                s.level -= share * bend;
            }
            out
        };
        Self {
            times,
            seen: self.seen.iter().map(thin).collect(),
        }
    }

    /// The variance of the noise of one observation of weight 1, from second differences: what a smooth curve does not have.
    pub fn noise(&self) -> f64 {
        let (mut sum, mut count) = (0.0, 0);
        for seen in &self.seen {
            for w in seen.windows(3) {
                let (a, b, c) = (
                    self.times[w[0].at],
                    self.times[w[1].at],
                    self.times[w[2].at],
                );
                let part = (b - a) / (c - a);
                let off = w[1].level - (1.0 - part) * w[0].level - part * w[2].level;
                let spread = 1.0 / w[1].weight
                    + (1.0 - part).powi(2) / w[0].weight
                    + part * part / w[2].weight;
                sum += off * off / spread;
                count += 1;
            }
        }
        if count == 0 { 0.0 } else { sum / count as f64 }
    }

    /// Each skill's level at all times: the mean of neighbours, made monotone, from 0 to just below 1.
    pub fn smooth(&self) -> Vec<Vec<f64>> {
        let side = (self.times.len() / 60).clamp(0, 3);
        let one = |seen: &Vec<Seen>| {
            let mean = |k: usize| {
                let part = &seen[k.saturating_sub(side)..(k + side + 1).min(seen.len())];
                let weight: f64 = part.iter().map(|s| s.weight).sum();
                part.iter().map(|s| s.weight * s.level).sum::<f64>() / weight
            };
            let levels: Vec<f64> = (0..seen.len()).map(mean).collect();
            let rising = monotone(&levels);
            let mut out = Vec::with_capacity(self.times.len());
            let mut k = 0;
            for t in &self.times {
                while k + 1 < seen.len() && self.times[seen[k + 1].at] <= *t {
                    k += 1;
                }
                let (a, b) = (
                    self.times[seen[k].at],
                    seen.get(k + 1).map(|s| self.times[s.at]),
                );
                let level = match b {
                    Some(b) if *t > a => {
                        rising[k] + (rising[k + 1] - rising[k]) * (t - a) / (b - a)
                    }
                    _ => rising[k],
                };
                out.push(level.clamp(0.0, 1.0 - 1e-6));
            }
            out
        };
        self.seen.iter().map(one).collect()
    }
}

/// The nearest rising sequence in the least-squares sense (pool adjacent violators).
fn monotone(values: &[f64]) -> Vec<f64> {
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for v in values {
        blocks.push((*v, 1));
        while blocks.len() > 1 && blocks[blocks.len() - 2].0 > blocks[blocks.len() - 1].0 {
            let (b, m) = blocks.pop().unwrap_or((0.0, 0));
            if let Some((a, n)) = blocks.last_mut() {
                *a = (*a * *n as f64 + b * m as f64) / (*n + m) as f64;
                *n += m;
            }
        }
    }
    blocks
        .iter()
        .flat_map(|(v, n)| std::iter::repeat_n(*v, *n))
        .collect()
}
