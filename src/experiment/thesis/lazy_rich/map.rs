//! The map over scale and width, its check by gradient descent, Table 6.1, and the variance of S₀.

use super::super::numbers::ratios;
use super::{LazyRich, SCALES, table};
use crate::error::Result;
use crate::model::layerwise::{Growth, ScalarNet};
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;

impl LazyRich {
    /// The closed form over scale and width; a scale multiplies P and M of one draw by its square.
    pub(super) fn map(&self, seed: Seed) -> Result<Table> {
        let mut parts = Vec::new();
        for &p in &self.map_widths {
            let unit = ScalarNet::gaussian(p, 1.0, self.target, 1.0, seed)?;
            let width = p as f64;
            for (name, z) in [("1", 1.0), ("√p", width.sqrt()), ("p", width)] {
                let rows = ratios(SCALES[0], SCALES[1], self.map_scales)
                    .into_iter()
                    .map(|scale| {
                        let weight = scale * scale / z;
                        let [aligned, opposed] =
                            [unit.growth().aligned(), unit.growth().opposed()].map(|x| x * weight);
                        let growth = Growth::new(aligned, opposed, self.target, 1.0 / z)?;
                        Ok([
                            width,
                            scale,
                            self.target / growth.weight(),
                            growth.gamma_limit(),
                            growth.kernel_distance_limit(),
                        ])
                    });
                let rows = rows.collect::<Result<Vec<_>>>()?;
                parts.push(
                    table(
                        &["p", "scale", "ratio", "gamma_limit", "kernel_distance"],
                        &rows,
                    )?
                    .led_by("normalisation", name)?,
                );
            }
        }
        Table::concat(parts)
    }

    /// The map's corners and middle by gradient descent on all weights.
    pub(super) fn simulated(&self, seed: Seed) -> Result<Table> {
        let mut rows = Vec::new();
        for p in [10, 100, 1000] {
            for scale in [0.1, 0.3, 1.0, 3.0] {
                let net = self.ntk(p, scale, seed)?;
                let growth = net.growth();
                // Until the distance from the target is 1e-6 of what it was: both ends of the path count.
                let end =
                    (14.0 + growth.log_gamma_limit().abs()) / (2.0 * growth.root() * growth.rate());
                let rate = 2e-3 / ((growth.root() + growth.weight() + self.target) * growth.rate());
                let steps = (end / rate).ceil() as usize;
                let run = net.descend(rate, steps, &Schedule::Every { steps })?;
                let last = run.kernel_distance.len() - 1;
                rows.push([
                    p as f64,
                    scale,
                    run.kernel_distance[last],
                    growth.kernel_distance_limit(),
                ]);
            }
        }
        table(&["p", "scale", "kernel_distance", "closed_form"], &rows)
    }

    /// Table 6.1's rescalings, here of the scalar net with its width of 512.
    pub(super) fn methods(&self, seed: Seed) -> Result<Table> {
        const P: usize = 512;
        let z = (P as f64).sqrt();
        // (weights, target, input, output), S being the target over the input; the output scale divides Z.
        let methods: [(&str, [f64; 4]); 5] = [
            ("default", [5.0, 3.0, 1.0, 1.0]),
            ("weight downscaling", [1.0, 3.0, 1.0, 1.0]),
            ("target upscaling", [5.0, 30.0, 1.0, 1.0]),
            ("input downscaling", [5.0, 3.0, 0.01, 1.0]),
            ("output downscaling", [5.0, 3.0, 1.0, 0.1]),
        ];
        let rows = methods.iter().map(|(_, [weight, target, input, output])| {
            let net = ScalarNet::gaussian(P, *weight, target / input, z / output, seed)?;
            Ok([
                net.growth().gamma_limit(),
                net.growth().kernel_distance_limit(),
            ])
        });
        let rows = rows.collect::<Result<Vec<_>>>()?;
        table(&["gamma_limit", "kernel_distance"], &rows)?
            .with("method", methods.iter().map(|m| m.0).collect::<Vec<_>>())
    }

    /// The variance of S₀ over independent NTK starts.
    pub(super) fn variance(&self, seed: Seed) -> Result<f64> {
        let p = self.draw_width;
        let all = seed.normal("noise", self.draws, 2 * p);
        let starts: Vec<f64> = all
            .rows()
            .into_iter()
            .map(|row| {
                let pairs = row.iter().zip(row.iter().skip(p));
                pairs.map(|(a, b)| a * b).sum::<f64>() / (p as f64).sqrt()
            })
            .collect();
        let n = starts.len() as f64;
        let mean = starts.iter().sum::<f64>() / n;
        Ok(starts.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (n - 1.0))
    }
}
