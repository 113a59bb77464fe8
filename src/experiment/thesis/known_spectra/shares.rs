//! Quality and utilization of vector functions, in their printed and corrected forms.

use super::super::numbers::named;
use super::KnownSpectra;
use crate::error::Result;
use crate::metric::eigenfunction::Eigenfunctions;
use crate::metric::feature::{
    indicators, projection_share, quality_as_printed, utilization_as_printed,
};
use crate::seed::Seed;
use crate::table::Table;
use ndarray::{Array1, Array2, s};

impl KnownSpectra {
    /// Features that see the class through noise, on as many samples of each class or on half of them of one class.
    pub(super) fn shares(&self, seed: Seed) -> Result<Table> {
        let n = self.labelled;
        let balanced: Vec<usize> = (0..n).map(|i| i % self.classes).collect();
        let unbalanced: Vec<usize> = (0..n)
            .map(|i| if i < n / 2 { 0 } else { i % self.classes })
            .collect();
        let mut forms = Vec::new();
        for labels in [&balanced, &unbalanced] {
            let target = indicators(labels, self.classes)?;
            let e = self.functions(&target, seed)?;
            let (right, printed) = (
                projection_share(e.view(), target.view())?,
                quality_as_printed(e.view(), target.view())?,
            );
            let apart = (&right - &printed)
                .iter()
                .fold(0.0f64, |m, d| m.max(d.abs()));
            forms.push(apart);
        }
        let target = indicators(&balanced, self.classes)?;
        let features = self.noisy(&target, seed);
        let found = Eigenfunctions::fit(features.view())?;
        let readout = seed.normal("readout", features.ncols(), self.classes);
        // Outputs that overlap, as those of a network do.
        let output = |features: &Array2<f64>| {
            let own = features.dot(&readout);
            let shared = own.column(0).to_owned().insert_axis(ndarray::Axis(1));
            own + shared
        };
        let e = found.evaluate(features.view())?;
        let f = output(&features);
        // Fresh samples, only a few times as many as features.
        let few = (4 * features.ncols()).min(n);
        let part = target.slice(s![..few, ..]).to_owned();
        let fresh = self.noisy(&part, Seed(!seed.0));
        let fresh_e = found.evaluate(fresh.view())?;
        let sum = |q: Array1<f64>| q.sum();
        named(&[
            ("forms_balanced", forms[0]),
            ("forms_unbalanced", forms[1]),
            (
                "quality_sum_held_out",
                sum(projection_share(fresh_e.view(), part.view())?),
            ),
            (
                "utilization_sum",
                sum(projection_share(e.view(), f.view())?),
            ),
            (
                "utilization_sum_as_printed",
                sum(utilization_as_printed(e.view(), f.view())?),
            ),
            (
                "utilization_sum_held_out",
                sum(projection_share(fresh_e.view(), output(&fresh).view())?),
            ),
        ])
    }

    fn functions(&self, target: &Array2<f64>, seed: Seed) -> Result<Array2<f64>> {
        let features = self.noisy(target, seed);
        Eigenfunctions::fit(features.view())?.evaluate(features.view())
    }

    /// The class, and three times as many features of noise, mixed at random.
    fn noisy(&self, target: &Array2<f64>, seed: Seed) -> Array2<f64> {
        let p = 4 * self.classes;
        let mut parts = seed.normal("noise", target.nrows(), p) * 0.3;
        let mut first = parts.slice_mut(s![.., ..self.classes]);
        first += target;
        // The mixture belongs to the map: it is the same for fresh samples.
        parts.dot(&Seed(7).normal("mix", p, p))
    }
}
