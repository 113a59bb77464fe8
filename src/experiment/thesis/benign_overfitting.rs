//! Benign overfitting: strong features that fit the target, weak ones that take the noise (thesis, §1.6.1, Fig. 1.3, Eq. 1.36–1.38).
//!
//! n samples of sin 2πx with noise are interpolated by p sines, d of intensity 1 and the others of intensity n/(p − d), as Eq. 1.36 prints it, or 1/(p − d), its correction.
//!
//! Table `runs`, by seed: `tail` (`printed`, `corrected`), and of the interpolation $\hat f$, its head (first d functions) and its rest:
//!
//! | column | |
//! |---|---|
//! | `residual` | largest error at a sample |
//! | `test_error`, `expected_error` | $\int(\hat f - f^\ast)^2$, and what theory expects ([`Learnability::test_error`](crate::metric::feature::Learnability::test_error)) |
//! | `signal_error`, `noise_error` | the same of a fit of $f^\ast$ alone, and the energy of a fit of the noise alone |
//! | `head_error`, `tail_energy` | $\int(\text{head} - f^\ast)^2$, $\int \text{rest}^2$ |
//! | `head_learned`, `tail_learned` | mean $\langle\hat f\vert e_k\rangle$ for targets e_k with k ≤ d, and d < k ≤ 2d |
//! | `head_expected`, `tail_expected` | $L_k$ by Eq. 1.35 |
//! | `rest_and_noise` | correlation of the rest with the noise, at the samples |
//! | `near`, `at_samples`, `covered` | share of the rest's energy within 1/2p of a sample or its mirror image 1 − x, of a sample, and the share of [0, 1] that is so near |
//! | `off_target`, `off_head` | median over x of $\vert\hat f - f^\ast\vert$ and of $\vert\hat f - \text{head}\vert$ |
//! | `separation` | share of the signal less share of the noise that is fitted in the middle (in ln t) of the time window: 1 to (p − d)/n for `printed`, 1 to n for `corrected` |
//! | `noise_time` | ηt at which half of the noise is fitted |
//! | `off_regression` | distance, relative, of the head in the middle of the window from least squares with d parameters |
//!
//! Table `flow`, by seed: `tail`, `t`, `signal`, `noise` (shares fitted), `test_error`, `train_error`. Of seed 0: `curves` (`tail`, `x`, `learned`, `head`, `rest`, `target`) and
//! `samples` (`x`, `y`, `noise`).

mod report;

use super::overfitting::{Overfitting, frequency_within};
use crate::claim::Claims;
use crate::error::Result;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::seed::Seed;

settings! {
    /// Settings of benign overfitting. The thesis names d, n, p and the target, not the noise.
    pub struct BenignOverfitting {
        /// Strong features d.
        d: usize = 3, 5, 5;
        /// Samples n, uniform on [0, 1].
        samples: usize = 40, 100, 100;
        /// All features p.
        features: usize = 400, 2000, 2000;
        /// k of the target sin 2πkx; at most d.
        frequency: usize = 1, 1, 1;
        /// Standard deviation σ of the labels' noise, which the thesis does not name.
        noise: f64 = 0.5, 0.5, 0.5;
        /// Times at which the flow is recorded, in equal ratios from 0.01 to 100 n.
        times: usize = 20, 60, 120;
        /// Number of seeds: of samples and noise.
        seeds: u64 = 2, 16, 100;
    }
}

impl BenignOverfitting {
    fn case(&self) -> Overfitting {
        Overfitting {
            d: self.d,
            samples: self.samples,
            features: self.features,
            frequency: self.frequency,
            noise: self.noise,
            times: self.times,
        }
    }
}

impl Experiment for BenignOverfitting {
    const INFO: Info = Info {
        id: "thesis/fig-1.3",
        title: "Benign overfitting: weak features take the noise",
        document: Document::Thesis,
        section: "§1.6.1, Fig. 1.3",
        notebook: "thesis/02-overfitting",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        self.case().validate()?;
        frequency_within(self.frequency, 1, self.d, "among the strong features")
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        self.case().run(seed, progress)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(&self.case(), outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(&self.case(), outcome)
    }
}
