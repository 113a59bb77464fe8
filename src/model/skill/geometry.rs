//! The Geometry model.

use super::batch::Multinomial;
use super::{GradientForm, SkillDescent, SkillLoss, SkillTrajectory, TaskVectors, engine};
use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::task::Frequencies;
use ndarray::Array1;

/// The Geometry model: every skill is a direction in parameter space, its level the projection on it.
///
/// $$s_i = (\theta-\theta_0)\cdot t_i, \qquad \ell(\theta) = \sum_i p_i\,\mathcal L(s_i),$$
///
/// Source: *Physics of Skill Learning* (Liu, Liu, Michaud, Gore, Tegmark, 2025), §2.2. A run starts at θ = θ₀, which is 0 here.
///
/// | symbol | here |
/// |---|---|
/// | t_i (n_task × n_dim) | [`TaskVectors`] |
/// | p_i | [`Frequencies`] |
/// | ℒ | [`with_loss`](Self::with_loss), [`SkillLoss`]; the squared error at first |
/// | batch size B | [`with_batch`](Self::with_batch); without it, the gradient is that of the exact p |
/// | σ, noise in the gradient | [`with_noise`](Self::with_noise) |
///
/// The gradient of a step is Σ_i (n_i / B) ℒ′(s_i) t_i + σ ξ with multinomial counts n_i of the skills in the batch and ξ ~ N(0, 1) in each
/// coordinate. A batch is its counts, never B rows; a task that the batch lacks costs nothing.
///
/// ```
/// use scurve::model::skill::{Geometry, SkillDescent, TaskVectors};
/// use scurve::{optimizer::SignGd, seed::Seed, task::Frequencies};
/// let vectors = TaskVectors::orthonormal(2, 1000, Seed(0))?;
/// let model = Geometry::new(vectors, Frequencies::new(vec![0.9, 0.1])?)?.with_batch(128);
/// let run = model.run(&SkillDescent::new(SignGd::adam(3e-4), 300), Seed(0))?;
/// let time = run.learning_times(0.9);
/// assert!(1.5 < time[1] / time[0] && time[1] / time[0] < 2.0); // Fig. 4: 1.75
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Geometry {
    pub(super) vectors: TaskVectors,
    pub(super) frequencies: Frequencies,
    pub(super) loss: SkillLoss,
    pub(super) form: GradientForm,
    pub(super) batch: Option<usize>,
    pub(super) noise: f64,
}

impl Geometry {
    /// Squared error, the exact gradient, no noise.
    ///
    /// # Errors
    /// Another number of frequencies than of vectors; frequencies whose sum is not 1.
    pub fn new(vectors: TaskVectors, frequencies: Frequencies) -> Result<Self> {
        if frequencies.len() != vectors.n_task() {
            return Err(Error::setting(
                "the number of frequencies",
                frequencies.len(),
                format!("that of the task vectors' rows, {}", vectors.n_task()),
            ));
        }
        let sum: f64 = frequencies.p().iter().sum();
        if (sum - 1.0).abs() > 1e-9 {
            return Err(Error::setting(
                "the sum of p",
                sum,
                "1: divide by the sum (Frequencies::normalized)",
            ));
        }
        Ok(Self {
            vectors,
            frequencies,
            loss: SkillLoss::default(),
            form: GradientForm::default(),
            batch: None,
            noise: 0.0,
        })
    }

    /// Another loss.
    pub fn with_loss(self, loss: SkillLoss) -> Self {
        Self { loss, ..self }
    }

    /// Another form of the gradient.
    pub fn with_gradient(self, form: GradientForm) -> Self {
        Self { form, ..self }
    }

    /// Batches of `size` examples, each of skill i with probability p_i.
    pub fn with_batch(self, size: usize) -> Self {
        Self {
            batch: Some(size),
            ..self
        }
    }

    /// Gaussian noise of standard deviation `sigma` in every coordinate of the gradient, drawn anew at every step.
    pub fn with_noise(self, sigma: f64) -> Self {
        Self {
            noise: sigma,
            ..self
        }
    }

    /// Refuses a batch of 0 examples, a noise that is not ≥ 0, and the half gradient of the cross-entropy; runs and gradients ask
    /// it.
    pub fn validate(&self) -> Result<()> {
        if let Some(size) = self.batch
            && !(1..=1 << 30).contains(&size)
        {
            return Err(Error::setting(
                "batch",
                size,
                "from 1 to 2^30 examples; leave it out for the exact gradient",
            ));
        }
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return Err(Error::setting("noise", self.noise, "a finite number ≥ 0"));
        }
        if (self.form, self.loss) == (GradientForm::Half, SkillLoss::CrossEntropy) {
            return Err(Error::setting(
                "gradient",
                "half",
                "true for the cross-entropy: the half gradient belongs to the published code of the squared error",
            ));
        }
        Ok(())
    }

    /// The task vectors.
    pub fn vectors(&self) -> &TaskVectors {
        &self.vectors
    }

    /// The frequencies.
    pub fn frequencies(&self) -> &Frequencies {
        &self.frequencies
    }

    /// ℒ.
    pub fn skill_loss(&self) -> SkillLoss {
        self.loss
    }

    /// The batch size; none for the exact gradient.
    pub fn batch(&self) -> Option<usize> {
        self.batch
    }

    /// σ.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    /// Number of tasks.
    pub fn n_task(&self) -> usize {
        self.vectors.n_task()
    }

    /// Number of parameters.
    pub fn n_dim(&self) -> usize {
        self.vectors.n_dim()
    }

    /// s_i = θ·t_i for θ measured from its start.
    ///
    /// # Errors
    /// θ has not n_dim entries.
    pub fn skills(&self, theta: &Array1<f64>) -> Result<Array1<f64>> {
        self.accept(theta)?;
        Ok(self.vectors.matrix().dot(theta))
    }

    /// ℓ(θ) = Σ p_i ℒ(s_i), with the exact p.
    ///
    /// # Errors
    /// θ has not n_dim entries.
    pub fn loss(&self, theta: &Array1<f64>) -> Result<f64> {
        let skills = self.skills(theta)?;
        Ok(self.mean_loss(skills.iter().copied()))
    }

    /// ∇ℓ(θ) = Σ p_i ℒ′(s_i) t_i (half of it under [`GradientForm::Half`]), with the exact p and without noise.
    ///
    /// # Errors
    /// θ has not n_dim entries; see [`validate`](Self::validate).
    pub fn gradient(&self, theta: &Array1<f64>) -> Result<Array1<f64>> {
        self.validate()?;
        let skills = self.skills(theta)?;
        let p = self.frequencies.p();
        let weights = Array1::from_iter(
            skills
                .iter()
                .zip(p)
                .map(|(s, p)| self.form.factor() * p * self.loss.slope(*s)),
        );
        Ok(weights.dot(self.vectors.matrix()))
    }

    /// Trains from θ = 0.
    ///
    /// # Errors
    /// Settings out of range; [`Error::Diverged`] with the step, when a skill's loss is not finite or a million times that at the
    /// start.
    pub fn run(&self, descent: &SkillDescent, seed: Seed) -> Result<SkillTrajectory> {
        let mut runs = Self::run_together(
            std::slice::from_ref(self),
            std::slice::from_ref(descent),
            seed,
        )?;
        let run = runs.remove(0);
        match run.diverged {
            Some(step) => Err(Error::Diverged {
                what: "a skill of the Geometry model".into(),
                step,
            }),
            None => Ok(run),
        }
    }

    /// Trains configurations that share their task vectors, each row of which is read once a step for all of them.
    ///
    /// The same numbers, to the bit, as [`run`](Self::run) with the same seed for each; every configuration has its own streams
    /// `batch` and `noise` of it. One that diverges has NaN from there on, and the step in
    /// [`diverged`](SkillTrajectory::diverged); the others go on.
    ///
    /// # Errors
    /// Settings out of range; other numbers of models than of descents; different task vectors.
    ///
    /// ```
    /// use scurve::model::skill::{Geometry, SkillDescent, TaskVectors};
    /// use scurve::{optimizer::{Adam, SignGd}, seed::Seed, task::Frequencies};
    /// let vectors = TaskVectors::unit(20, 50, Seed(0))?;
    /// let model = |alpha| Ok::<_, scurve::error::Error>(
    ///     Geometry::new(vectors.clone(), Frequencies::power_law(20, alpha)?)?.with_batch(64));
    /// let models = [model(1.0)?, model(2.0)?];
    /// let descents = [SkillDescent::new(SignGd::adam(1e-3), 100), SkillDescent::new(Adam::new(1e-3), 100)];
    /// let runs = Geometry::run_together(&models, &descents, Seed(1))?;
    /// assert_eq!(runs[1], models[1].run(&descents[1], Seed(1))?);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn run_together(
        models: &[Self],
        descents: &[SkillDescent],
        seed: Seed,
    ) -> Result<Vec<SkillTrajectory>> {
        if models.len() != descents.len() {
            return Err(Error::setting(
                "the number of descents",
                descents.len(),
                format!("that of the models, {}", models.len()),
            ));
        }
        let Some(first) = models.first() else {
            return Ok(Vec::new());
        };
        for (i, (model, descent)) in models.iter().zip(descents).enumerate() {
            model.validate()?;
            descent.validate()?;
            if model.vectors != first.vectors {
                return Err(Error::setting(
                    format!("models[{i}].vectors"),
                    "other vectors",
                    "those of models[0]: clone one TaskVectors, or run the models one by one",
                ));
            }
        }
        engine::run(first.vectors.rows(), models, descents, seed)
    }

    pub(super) fn mean_loss(&self, skills: impl Iterator<Item = f64>) -> f64 {
        let p = self.frequencies.p();
        skills.zip(p).map(|(s, p)| p * self.loss.value(s)).sum()
    }

    pub(super) fn sampler(&self) -> Option<Multinomial> {
        self.batch
            .map(|size| Multinomial::new(self.frequencies.p(), size as u32))
    }

    fn accept(&self, theta: &Array1<f64>) -> Result<()> {
        if theta.len() == self.n_dim() {
            return Ok(());
        }
        Err(Error::setting(
            "the length of theta",
            theta.len(),
            format!("n_dim = {}", self.n_dim()),
        ))
    }
}
