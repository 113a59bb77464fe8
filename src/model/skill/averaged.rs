//! Sign descent on orthogonal Gaussian task vectors, averaged over the vectors: the Geometry model without vectors and without a fit.

use super::batch::Multinomial;
use super::{Geometry, ResourceTrajectory, SkillLoss, effective_rate};
use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::trace::Schedule;
use rand_chacha::ChaCha12Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{FRAC_1_PI, FRAC_2_PI};

/// What SignGD does to the skills of a [`Geometry`] model on average over orthogonal Gaussian task vectors, step by step.
///
/// A coordinate of the gradient $-\sum_i c\,\tilde p_i u_i t_i + \sigma\xi$ of a batch with shares $\tilde p$ is Gaussian, and so
/// $\mathbb E[t_{ij}\,\text{sign}(-g_j)] = \sqrt{2/\pi}\;\mathrm{Cov}(t_{ij}, -g_j)/\mathrm{sd}(g_j)$. Summed over the coordinates,
///
/// $$u_i \leftarrow u_i - \eta\sqrt{\tfrac{2n_\text{dim}}\pi}\;\frac{p_i u_i}{\sqrt{\sum_k (p_k u_k)^2 + N_0^2}},\qquad
///   N_0^2 = \frac{n_\text{dim}\,\sigma^2}{c^2} + \frac1B\sum_k p_k(1-p_k)\,u_k^2 .$$
///
/// This is the L2 form of the Resource model, with N₀ known. c is 2 for the squared error and 1 for its half gradient, so that noise alone wastes
/// $N_0 = \sigma\sqrt{n_\text{dim}}/2$. The batch's term is $\sum_k \mathrm{Var}(\tilde p_k)\,u_k^2$ for multinomial counts: near the loss over B, it falls as
/// skills are learned. It is the leading order of the average over batches, good while the skills that are being learned occur in most batches
/// (B p ≳ 1).
///
/// The learning rate wastes too, by the step's length: a learned skill 1 turns unstable under the linear map $u_1 \leftarrow
/// u_1(1 - \eta_\text{eff}\,p_1/\sqrt\cdot)$ as soon as the root is below $\eta_\text{eff}\,p_1/2$, and its bouncing holds the root there: see
/// [`edge`](Self::edge). What starts the bouncing is the random part of each step, $\sum_j t_{ij}\,\text{sign}(-g_j)$ less its mean, of variance
/// $1 - \tfrac2\pi - \tfrac1\pi\rho_i^2 + \tfrac2\pi\nu(1 - \rho_i^2 - \tfrac12\nu\rho_i^2)$ with $\rho_i = p_iu_i/\sqrt\cdot$ and ν the noise's share of what is
/// under the root: of sign(g), the part along g has the length ‖g‖₁/‖g‖, of variance 1 − 3/π, the rest the square $n_\text{dim}(1 - 2/\pi)$, and noise turns g.
/// The average leaves it out, and wastes too little where the learning rate wastes most;
/// [`sample`](Self::sample) draws it, and the batches' counts, and needs neither limit.
///
/// | symbol | here |
/// |---|---|
/// | p, n_dim, σ, B, c | those of the [`Geometry`] given to [`new`](Self::new) |
/// | η√(2 n_dim/π) | [`eta`](Self::eta) |
/// | N₀ at unskills u | [`waste`](Self::waste) |
///
/// ```
/// use scurve::model::skill::{AveragedSign, Geometry, SkillDescent, TaskVectors};
/// use scurve::{optimizer::SignGd, seed::Seed, task::Frequencies, trace::Schedule};
/// let vectors = TaskVectors::orthonormal(5, 1000, Seed(0))?;
/// let model = Geometry::new(vectors, Frequencies::power_law(5, 2.0)?)?.with_batch(1024);
/// let every = Schedule::Every { steps: 10 };
/// let run = model.run(&SkillDescent::new(SignGd::new(1e-3), 200).recording(every.clone()), Seed(0))?;
/// let average = AveragedSign::new(&model, 1e-3)?.run(200, &every)?;
/// let far = (&run.skills - &average.skills()).mapv(|x| x * x).mean().unwrap_or(1.0).sqrt();
/// assert!(far < 0.04, "{far}");
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AveragedSign {
    p: Vec<f64>,
    lr: f64,
    eta: f64,
    /// n_dim σ² / c².
    noise: f64,
    batch: Option<(usize, Multinomial)>,
}

impl AveragedSign {
    /// The average of `model` under SignGD with learning rate `lr`. Only its vectors' dimension is used.
    ///
    /// # Errors
    /// A cross-entropy (its gradients are not p u); a learning rate that is not a finite number above 0; what
    /// [`Geometry::validate`] refuses.
    pub fn new(model: &Geometry, lr: f64) -> Result<Self> {
        model.validate()?;
        if model.skill_loss() != SkillLoss::SquaredError {
            return Err(Error::setting(
                "loss",
                "cross-entropy",
                "the squared error, whose gradients are p u",
            ));
        }
        if !(lr > 0.0 && lr.is_finite()) {
            return Err(Error::setting("lr", lr, "a finite number above 0"));
        }
        let slope = model.form.factor() * model.skill_loss().slope(0.0);
        Ok(Self {
            p: model.frequencies().p().to_vec(),
            lr,
            eta: effective_rate::gaussian_vectors(lr, model.n_dim()),
            noise: model.n_dim() as f64 * (model.noise() / slope).powi(2),
            batch: model.batch().zip(model.sampler()),
        })
    }

    /// The distance that all resources move a skill in one step, η√(2 n_dim/π).
    pub fn eta(&self) -> f64 {
        self.eta
    }

    /// N₀ at the unskills `u`, one a skill: by gradient noise and by the batch.
    ///
    /// ```
    /// use scurve::model::skill::{AveragedSign, Geometry, TaskVectors};
    /// use scurve::{seed::Seed, task::Frequencies};
    /// let vectors = TaskVectors::orthonormal(2, 400, Seed(0))?;
    /// let model = Geometry::new(vectors, Frequencies::new(vec![0.8, 0.2])?)?.with_noise(0.01);
    /// // σ √n_dim / 2, whatever is learned.
    /// assert!((AveragedSign::new(&model, 1e-3)?.waste(&[1.0, 1.0])? - 0.1).abs() < 1e-12);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of unskills than of skills.
    pub fn waste(&self, u: &[f64]) -> Result<f64> {
        if u.len() != self.p.len() {
            return Err(Error::setting(
                "u",
                format!("{} unskills", u.len()),
                format!("one for each of the {} skills", self.p.len()),
            ));
        }
        Ok(self.squared_waste(u).sqrt())
    }

    /// The N₀ that the learning rate alone is worth: half of η_eff p₁, at which a learned skill 1 begins to bounce.
    pub fn edge(&self) -> f64 {
        0.5 * self.eta * self.p.iter().copied().fold(0.0, f64::max)
    }

    fn squared_waste(&self, u: &[f64]) -> f64 {
        let spread: f64 = self
            .p
            .iter()
            .zip(u)
            .map(|(p, u)| p * (1.0 - p) * u * u)
            .sum();
        self.noise
            + self
                .batch
                .as_ref()
                .map_or(0.0, |(size, _)| spread / *size as f64)
    }

    /// The average run, from u = 1, recorded before the steps of `schedule`.
    ///
    /// # Errors
    /// No steps; a schedule that records nothing.
    pub fn run(&self, steps: usize, schedule: &Schedule) -> Result<ResourceTrajectory> {
        self.steps(steps, schedule, |u| {
            let waste = self.squared_waste(u);
            advance(&self.p, waste, u, |rho, _| self.eta * rho);
        })
    }

    /// As [`run`](Self::run), with each batch's counts drawn (stream `batch`) and the random part of each step (stream `noise`), as if the
    /// vectors were drawn anew at every step.
    pub fn sample(
        &self,
        steps: usize,
        schedule: &Schedule,
        seed: Seed,
    ) -> Result<ResourceTrajectory> {
        let mut batches: ChaCha12Rng = seed.stream("batch");
        let mut noise: ChaCha12Rng = seed.stream("noise");
        let (mut counts, mut shares) = (vec![0; self.p.len()], self.p.clone());
        self.steps(steps, schedule, |u| {
            if let Some((size, sampler)) = &self.batch {
                sampler.draw(&mut batches, &mut counts);
                for (share, count) in shares.iter_mut().zip(&counts) {
                    *share = f64::from(*count) / *size as f64;
                }
            }
            advance(&shares, self.noise, u, |rho, all| {
                let random: f64 = StandardNormal.sample(&mut noise);
                self.eta * rho + self.lr * random_part(rho, self.noise / all).sqrt() * random
            });
        })
    }

    fn steps(
        &self,
        steps: usize,
        schedule: &Schedule,
        mut step: impl FnMut(&mut [f64]),
    ) -> Result<ResourceTrajectory> {
        schedule.validate("schedule")?;
        if steps == 0 {
            return Err(Error::setting("steps", 0, "a whole number ≥ 1"));
        }
        let recorded = schedule.steps(steps);
        let (mut u, mut records) = (vec![1.0; self.p.len()], Vec::new());
        let mut done = 0;
        for at in &recorded {
            for _ in done..*at {
                step(&mut u);
            }
            done = *at;
            records.extend_from_slice(&u);
        }
        let time = recorded.into_iter().map(|t| t as f64).collect();
        ResourceTrajectory::new(time, records, &self.p)
    }
}

/// The variance of Σ_j t_ij sign(−g_j) over vectors, for the share ρ = p_i u_i / √· and the noise's part of what is under the root.
fn random_part(rho: f64, noise: f64) -> f64 {
    let square = rho * rho;
    let by_noise = noise * (1.0 - square - 0.5 * square * noise);
    (1.0 - FRAC_2_PI - FRAC_1_PI * square + FRAC_2_PI * by_noise).max(0.0)
}

/// One step: u_i falls by `by`(ρ_i, all), ρ_i = p_i u_i / √all, all = Σ (p u)² + squared waste.
fn advance(p: &[f64], waste: f64, u: &mut [f64], mut by: impl FnMut(f64, f64) -> f64) {
    let all = p.iter().zip(&*u).map(|(p, u)| (p * u).powi(2)).sum::<f64>() + waste;
    if all <= 0.0 {
        // Without any gradient nothing moves.
        return;
    }
    let inverse = 1.0 / all.sqrt();
    for (u, p) in u.iter_mut().zip(p) {
        *u -= by(p * *u * inverse, all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::skill::{GradientForm, Norm, Resource, SkillDescent, TaskVectors};
    use crate::optimizer::SignGd;
    use crate::task::Frequencies;

    fn geometry(n_task: usize, alpha: f64) -> Geometry {
        let vectors = TaskVectors::orthonormal(n_task, 1000, Seed(0)).unwrap();
        Geometry::new(vectors, Frequencies::power_law(n_task, alpha).unwrap()).unwrap()
    }

    #[test]
    fn with_noise_alone_it_is_the_l2_form() {
        // Small steps of the map follow the differential equation with N₀ = σ√n / 2.
        let model = geometry(6, 2.0).with_noise(0.01);
        let lr = 1e-5;
        let run = AveragedSign::new(&model, lr)
            .unwrap()
            .run(20_000, &Schedule::Every { steps: 1_000 })
            .unwrap();
        let resource = Resource::new(
            model.frequencies().clone(),
            effective_rate::gaussian_vectors(lr, 1000),
        )
        .unwrap()
        .with_norm(Norm::L2)
        .with_waste(0.01 * 1000f64.sqrt() / 2.0)
        .unwrap();
        assert!(resource.rmse(&run.time, &run.skills()).unwrap() < 1e-4);
    }

    #[test]
    fn waste_is_the_variance_of_the_batch() {
        // Σ Var(n_k / B) u_k² against 40,000 drawn batches: a standard error of .5 %.
        let model = geometry(4, 1.0).with_batch(32);
        let average = AveragedSign::new(&model, 1e-3).unwrap();
        let u = [0.2, 0.5, 0.9, 1.0];
        let sampler = model.sampler().unwrap();
        let (mut rng, mut counts) = (Seed(1).stream("batch"), [0; 4]);
        let draws = 40_000;
        let mut sum = 0.0;
        for _ in 0..draws {
            sampler.draw(&mut rng, &mut counts);
            for ((n, p), u) in counts.iter().zip(&average.p).zip(&u) {
                sum += ((f64::from(*n) / 32.0 - p) * u).powi(2);
            }
        }
        let drawn = (sum / f64::from(draws)).sqrt();
        assert!((average.waste(&u).unwrap() / drawn - 1.0).abs() < 0.02);
    }

    #[test]
    fn the_half_gradient_doubles_the_waste_of_noise_only() {
        let (true_form, half) = (
            geometry(3, 1.0).with_noise(0.02),
            geometry(3, 1.0)
                .with_noise(0.02)
                .with_gradient(GradientForm::Half),
        );
        let waste = |m: &Geometry| {
            AveragedSign::new(m, 1e-3)
                .unwrap()
                .waste(&[1.0; 3])
                .unwrap()
        };
        assert!((waste(&half) / waste(&true_form) - 2.0).abs() < 1e-12);
        let batch = |m: Geometry| waste(&m.with_noise(0.0).with_batch(64));
        assert!((batch(half) - batch(true_form)).abs() < 1e-15);
    }

    #[test]
    fn drawn_and_averaged_batches_agree_when_batches_are_large() {
        let model = geometry(5, 1.5).with_batch(4096);
        let average = AveragedSign::new(&model, 3e-4).unwrap();
        let every = Schedule::Every { steps: 20 };
        let (a, b) = (
            average.run(600, &every).unwrap(),
            average.sample(600, &every, Seed(3)).unwrap(),
        );
        let far = (&a.unskill - &b.unskill).mapv(f64::abs);
        assert!(far.iter().all(|x| *x < 0.03), "{far}");
    }

    #[test]
    fn the_random_part_of_a_step_has_its_variance() {
        // The first step of 400 Geometry models of two skills, without noise and with as much noise as gradient.
        let (lr, n_dim, seeds) = (1e-4, 500, 400);
        let frequencies = Frequencies::new(vec![0.8, 0.2]).unwrap();
        for noise in [0.0, 1.0] {
            let length = 2.0 * 0.8f64.hypot(0.2);
            let sigma = noise * length / (n_dim as f64).sqrt();
            let moved: Vec<[f64; 2]> = (0..seeds)
                .map(|seed| {
                    let vectors = TaskVectors::orthonormal(2, n_dim, Seed(seed)).unwrap();
                    let model = Geometry::new(vectors, frequencies.clone()).unwrap();
                    let descent = SkillDescent::new(SignGd::new(lr), 1);
                    let run = model.with_noise(sigma).run(&descent, Seed(seed)).unwrap();
                    [0, 1].map(|i| run.skills[[1, i]] / lr)
                })
                .collect();
            for (i, p) in [0.8, 0.2].into_iter().enumerate() {
                let rho = 2.0 * p / (length * (1.0 + noise).sqrt());
                let values: Vec<f64> = moved.iter().map(|m| m[i]).collect();
                let mean = values.iter().sum::<f64>() / seeds as f64;
                let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
                let variance = squares / (seeds - 1) as f64;
                let about = (FRAC_2_PI * n_dim as f64).sqrt() * rho;
                let spread = random_part(rho, noise / (1.0 + noise));
                // Four standard errors, and the mean's correction of order 1/n_dim.
                let error = 4.0 * (spread / seeds as f64).sqrt() + 0.03;
                assert!((mean - about).abs() < error, "{noise} {i}: {mean} {about}");
                let error = 4.0 * (2.0 / seeds as f64).sqrt();
                assert!(
                    (variance / spread - 1.0).abs() < error,
                    "{noise} {i}: {variance} {spread}"
                );
            }
        }
    }

    #[test]
    fn the_learning_rate_alone_wastes_what_the_geometry_model_wastes() {
        // No batches, no noise: all waste is of the step's length. The average alone would miss most of it.
        let (model, lr) = (geometry(10, 2.0), 1e-3);
        let every = Schedule::Every { steps: 10 };
        let l2 = Resource::new(
            model.frequencies().clone(),
            effective_rate::gaussian_vectors(lr, 1000),
        )
        .unwrap()
        .with_norm(Norm::L2);
        let waste = |times: &[f64], skills: &ndarray::Array2<f64>| {
            l2.fit_waste(times, skills).unwrap().waste.value
        };
        let descent = SkillDescent::new(SignGd::new(lr), 1_000).recording(every.clone());
        let run = model.run(&descent, Seed(0)).unwrap();
        let average = AveragedSign::new(&model, lr).unwrap();
        let drawn = average.sample(1_000, &every, Seed(5)).unwrap();
        let plain = average.run(1_000, &every).unwrap();
        let measured = waste(&drawn.time, &run.skills);
        assert!(
            (waste(&drawn.time, &drawn.skills()) / measured).ln().abs() < 0.4,
            "{measured}"
        );
        assert!(waste(&plain.time, &plain.skills()) < 0.3 * measured);
    }

    #[test]
    fn bouncing_sets_in_at_the_edge() {
        // One skill, no waste: from u < η on it jumps to and fro, and p u is η p / 2 on average.
        let model = geometry(1, 1.0);
        let average = AveragedSign::new(&model, 3e-4).unwrap();
        let run = average.run(2_000, &Schedule::Every { steps: 1 }).unwrap();
        let late = run.unskill.slice(ndarray::s![1_000.., 0]).mapv(f64::abs);
        assert!(late.mean().unwrap() <= 1.001 * average.eta());
        assert!((late.mean().unwrap() / average.edge() - 1.0).abs() < 0.05);
    }

    #[test]
    fn what_it_cannot_average_is_refused() {
        let field = |result: Result<AveragedSign>| match result {
            Err(Error::Setting { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        let model = geometry(2, 1.0);
        assert_eq!(field(AveragedSign::new(&model, 0.0)), "lr");
        let ce = model.clone().with_loss(SkillLoss::CrossEntropy);
        assert_eq!(field(AveragedSign::new(&ce, 1e-3)), "loss");
        let average = AveragedSign::new(&model, 1e-3).unwrap();
        assert!(average.waste(&[1.0]).is_err());
        assert!(average.run(0, &Schedule::Every { steps: 1 }).is_err());
    }
}
