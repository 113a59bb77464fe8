//! What the measurement of a network's features gives.

use super::{FeatureFit, LastLayer};
use crate::error::Result;
use crate::metric::feature::{cumulative, effective_dimension, effective_dimension_of_intensity};
use crate::table::Table;
use ndarray::ArrayView2;

/// Which features a network uses (thesis, §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// As few as there are outputs (MF).
    Minimum,
    /// More, or not evenly (EF).
    Extended,
}

impl Regime {
    /// `MF` or `EF`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minimum => "MF",
            Self::Extended => "EF",
        }
    }
}

/// The features of a network: what each weighs, says of the target and of the learned function, and how many matter.
///
/// | field | symbol | source |
/// |---|---|---|
/// | `intensity` | $\rho_k$ | Eq. 1.29 |
/// | `quality` | $Q^*_k$ | Eq. 2.3 |
/// | `utilization` | $\hat Q_k$ | Eq. 2.5, without the square |
/// | `intensity_dimension` | $D_\mathrm{eff}(\rho)$, the first intensity counted as one | Eq. 2.6 |
/// | `plain_intensity_dimension` | $D_\mathrm{eff}(\rho)$ of all intensities | Eq. 1.16 |
/// | `quality_dimension` | $D_\mathrm{eff}(Q^*)$ | §2.3 |
/// | `utilization_dimension` | $D_\mathrm{eff}(\hat Q)$ | §2.3 |
/// | `kappa` | $\kappa_\mathrm{CKA}$ | Definition 2 |
/// | `constant` | $\lvert\langle e_1|\mathbf 1\rangle\rvert$ with both of length 1 | §2.5.1 |
/// | `outputs` | C | |
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the table says what each is")]
pub struct FeatureMetrics {
    pub intensity: Vec<f64>,
    pub quality: Vec<f64>,
    pub utilization: Vec<f64>,
    pub intensity_dimension: f64,
    pub plain_intensity_dimension: f64,
    pub quality_dimension: f64,
    pub utilization_dimension: f64,
    pub kappa: f64,
    pub constant: f64,
    pub outputs: usize,
}

impl FeatureMetrics {
    pub(super) fn new(
        intensity: Vec<f64>,
        quality: Vec<f64>,
        utilization: Vec<f64>,
        kappa: f64,
        constant: f64,
        outputs: usize,
    ) -> Result<Self> {
        Ok(Self {
            // One feature alone counts as one.
            intensity_dimension: match intensity.len() {
                1 => 1.0,
                _ => effective_dimension_of_intensity(&intensity)?,
            },
            plain_intensity_dimension: effective_dimension(&intensity)?,
            quality_dimension: effective_dimension(&quality)?,
            utilization_dimension: effective_dimension(&utilization)?,
            intensity,
            quality,
            utilization,
            kappa,
            constant,
            outputs,
        })
    }

    /// All training and test samples at once: features of both, and targets of the test set.
    ///
    /// # Errors
    /// As those of [`FeatureFit`] and [`FeatureTest`](super::FeatureTest).
    pub fn measure(
        layer: &LastLayer,
        train: ArrayView2<f64>,
        test: ArrayView2<f64>,
        targets: ArrayView2<f64>,
    ) -> Result<Self> {
        let mut fit = FeatureFit::new(layer.clone())?;
        fit.push(train)?;
        let mut measured = fit.finish()?;
        measured.push(test, targets)?;
        measured.finish()
    }

    /// $\kappa_\mathrm{CKA}$ below which the thesis speaks of the minimum feature regime.
    pub const EPSILON: f64 = 0.1;

    /// By $\kappa_\mathrm{CKA} < 0.1$ (Definition 2).
    pub fn regime(&self) -> Regime {
        if self.kappa < Self::EPSILON {
            Regime::Minimum
        } else {
            Regime::Extended
        }
    }

    /// Features of the ideal operator: C, with the constant function among them; 2 for one output.
    pub fn ideal_dimension(&self) -> f64 {
        self.outputs.max(2) as f64
    }

    /// By Eq. 2.7: $D_\mathrm{eff}(\rho)$ differs from the ideal by at most `tolerance` of it, and $D_\mathrm{eff}(\hat Q)$ is not larger than that.
    ///
    /// ```
    /// use ndarray::Array2;
    /// use scurve::metric::representation::{FeatureMetrics, LastLayer, Regime};
    /// use scurve::seed::Seed;
    /// let layer = LastLayer::without_bias(Seed(0).normal("init", 20, 3))?;
    /// let x = Seed(0).normal("data", 400, 20);
    /// let f = layer.outputs(x.view())?;
    /// let found = FeatureMetrics::measure(&layer, x.view(), x.view(), f.view())?;
    /// // Twenty features of one size, three outputs.
    /// assert_eq!((found.regime(), found.regime_by_dimension(0.5)), (Regime::Extended, Regime::Extended));
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn regime_by_dimension(&self, tolerance: f64) -> Regime {
        let ideal = self.ideal_dimension();
        let near = (self.intensity_dimension - ideal).abs() <= tolerance * ideal;
        if near && self.utilization_dimension <= (1.0 + tolerance) * ideal {
            Regime::Minimum
        } else {
            Regime::Extended
        }
    }

    /// $\Pi^*(k)$ (Eq. 2.4).
    pub fn cumulative_quality(&self) -> Vec<f64> {
        cumulative(&self.quality)
    }

    /// $\hat\Pi(k)$ (Eq. 2.5).
    pub fn cumulative_utilization(&self) -> Vec<f64> {
        cumulative(&self.utilization)
    }

    /// The single numbers by name.
    pub fn named(&self) -> [(&'static str, f64); 6] {
        [
            ("quality_dimension", self.quality_dimension),
            ("utilization_dimension", self.utilization_dimension),
            ("intensity_dimension", self.intensity_dimension),
            ("plain_intensity_dimension", self.plain_intensity_dimension),
            ("kappa", self.kappa),
            ("constant", self.constant),
        ]
    }

    /// One row for each of the first `count` features: `k` (from 1), `intensity`, `quality`, `utilization`, `cumulative_quality`, `cumulative_utilization`.
    pub fn features_table(&self, count: usize) -> Result<Table> {
        let count = count.min(self.intensity.len());
        let first = |values: &[f64]| values[..count].to_vec();
        Table::new()
            .with("k", (1..=count).collect::<Vec<_>>())?
            .with("intensity", first(&self.intensity))?
            .with("quality", first(&self.quality))?
            .with("utilization", first(&self.utilization))?
            .with("cumulative_quality", first(&self.cumulative_quality()))?
            .with(
                "cumulative_utilization",
                first(&self.cumulative_utilization()),
            )
    }

    /// One row: the single numbers, and `regime` by $\kappa_\mathrm{CKA}$.
    pub fn table(&self) -> Result<Table> {
        let mut table = Table::new();
        for (name, value) in self.named() {
            table = table.with(name, vec![value])?;
        }
        table.with("regime", vec![self.regime().as_str()])
    }

    /// Shows the single numbers in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => crate::display::error(&e),
        }
    }
}
