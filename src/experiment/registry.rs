//! All experiments behind one interface, for whoever has an id and not a type.

use super::outcome::{Outcome, RunOptions};
use super::point::{Point, Settled, table_of};
use super::{
    Experiment, Info, Scale, from_toml, overridden, physics, scurves, thesis, to_toml_beside_paper,
};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::figure::Figures;
use std::marker::PhantomData;
use std::path::Path;

/// How a run was asked for, by words.
#[derive(Clone, Debug)]
pub struct Request {
    /// The preset to start from.
    pub scale: Scale,
    /// A TOML text with some settings, and the name it came from.
    pub config: Option<(String, String)>,
    /// `key=value` pairs.
    pub set: Vec<String>,
    /// Number of seeds.
    pub seeds: Option<u64>,
}

impl Request {
    /// A preset as it is.
    pub fn preset(scale: Scale) -> Self {
        Self {
            scale,
            config: None,
            set: Vec::new(),
            seeds: None,
        }
    }

    fn settings<E: Experiment>(&self) -> Result<E> {
        let mut experiment = match &self.config {
            Some((text, origin)) => from_toml::<E>(self.scale, text, origin)?,
            None => E::preset(self.scale),
        };
        experiment = overridden(&experiment, &self.set)?;
        if let Some(seeds) = self.seeds {
            experiment = experiment.with_seeds(seeds);
        }
        Ok(experiment)
    }
}

/// An outcome with its figures and claims still to be made.
pub trait Report {
    /// The tables.
    fn outcome(&self) -> &Outcome;
    /// The figures.
    fn figures(&self) -> Result<Figures>;
    /// The claims.
    fn claims(&self) -> Result<Claims>;
}

/// An experiment known by its id.
pub trait Registered: Sync {
    /// What it is.
    fn info(&self) -> Info;
    /// Its settings as TOML, each with its meaning, and beside it the published value where that is another.
    fn settings(&self, request: &Request) -> Result<String>;
    /// Computes what is missing.
    fn run(&self, request: &Request, options: &RunOptions) -> Result<Box<dyn Report>>;
    /// Reads what is on disk.
    fn load(&self, request: &Request, out: Option<&Path>) -> Result<Option<Box<dyn Report>>>;
    /// The settings of a request as a table.
    fn values(&self, request: &Request) -> Result<toml::Table>;
    /// The settings `base` with `key=value` pairs applied.
    ///
    /// # Errors
    /// An unknown setting, a value of another type or out of its range.
    fn point(&self, base: &toml::Table, pairs: &[String]) -> Result<Box<dyn Point>>;
}

struct Entry<E>(PhantomData<fn() -> E>);

struct Finished<E> {
    experiment: E,
    outcome: Outcome,
}

impl<E: Experiment> Report for Finished<E> {
    fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    fn figures(&self) -> Result<Figures> {
        self.experiment.figures(&self.outcome)
    }

    fn claims(&self) -> Result<Claims> {
        self.experiment.claims(&self.outcome)
    }
}

impl<E: Experiment> Registered for Entry<E> {
    fn info(&self) -> Info {
        E::INFO
    }

    fn settings(&self, request: &Request) -> Result<String> {
        to_toml_beside_paper(&request.settings::<E>()?)
    }

    fn run(&self, request: &Request, options: &RunOptions) -> Result<Box<dyn Report>> {
        let experiment = request.settings::<E>()?;
        let outcome = experiment.run_with(options)?;
        Ok(Box::new(Finished {
            experiment,
            outcome,
        }))
    }

    fn load(&self, request: &Request, out: Option<&Path>) -> Result<Option<Box<dyn Report>>> {
        let experiment = request.settings::<E>()?;
        Ok(Outcome::load(&experiment, out)?.map(|outcome| {
            Box::new(Finished {
                experiment,
                outcome,
            }) as Box<dyn Report>
        }))
    }

    fn values(&self, request: &Request) -> Result<toml::Table> {
        table_of(&request.settings::<E>()?)
    }

    fn point(&self, base: &toml::Table, pairs: &[String]) -> Result<Box<dyn Point>> {
        let base: E = base
            .clone()
            .try_into()
            .map_err(|e: toml::de::Error| Error::Config {
                origin: "settings of the plan".into(),
                message: e.message().to_string(),
            })?;
        Ok(Box::new(Settled::new(overridden(&base, pairs)?)?))
    }
}

const fn entry<E: Experiment>() -> Entry<E> {
    Entry(PhantomData)
}

/// An experiment by its type; it need not be in the registry.
pub fn registered<E: Experiment>() -> &'static dyn Registered {
    const { &entry::<E>() }
}

/// All experiments, in the order of their documents.
pub fn registry() -> &'static [&'static dyn Registered] {
    const ALL: &[&dyn Registered] = &[
        &entry::<scurves::OneComponent>(),
        &entry::<scurves::RankOne>(),
        &entry::<scurves::Rank>(),
        &entry::<scurves::RankTwoBumps>(),
        &entry::<scurves::AttentionHead>(),
        &entry::<scurves::CrossEntropy>(),
        &entry::<scurves::WeightDecay>(),
        &entry::<scurves::AdamComparison>(),
        &entry::<physics::DominoEffect>(),
        &entry::<physics::TwoTasks>(),
        &entry::<physics::PowerLawSkills>(),
        &entry::<physics::WasteControl>(),
        &entry::<physics::GeometryAgainstResource>(),
        &entry::<physics::Underparametrised>(),
        &entry::<physics::DominoQuanta>(),
        &entry::<physics::ScalingLaws>(),
        &entry::<physics::MultitaskParity>(),
        &entry::<physics::QuadraticLoss>(),
        &entry::<physics::AdditionGrokking>(),
        &entry::<physics::HardTokens>(),
        &entry::<physics::HardSkills>(),
        &entry::<physics::SkillOptimizers>(),
        &entry::<physics::ParityAgainstResource>(),
        &entry::<physics::DependentSkills>(),
        &entry::<physics::ModularScaling>(),
        &entry::<physics::SquareModules>(),
        &entry::<physics::Collapse>(),
        &entry::<physics::LearningTimes>(),
        &entry::<physics::ModularTime>(),
        &entry::<physics::InverseProblem>(),
        &entry::<physics::InferredRuns>(),
        &entry::<physics::Phase>(),
        &entry::<thesis::CorrelatedFeatures>(),
        &entry::<thesis::HermiteBasis>(),
        &entry::<thesis::KnownSpectra>(),
        &entry::<thesis::LinearFlow>(),
        &entry::<thesis::FewSamples>(),
        &entry::<thesis::InductiveBias>(),
        &entry::<thesis::BenignOverfitting>(),
        &entry::<thesis::SharpNoise>(),
        &entry::<thesis::MalignantOverfitting>(),
        &entry::<thesis::StepFeatures>(),
        &entry::<thesis::TwoDynamics>(),
        &entry::<thesis::ImageNetworks>(),
        &entry::<thesis::TrainedCollapse>(),
        &entry::<thesis::DelayedModes>(),
        &entry::<thesis::StageTraining>(),
        &entry::<thesis::GreedyDynamics>(),
        &entry::<thesis::RandomLabels>(),
        &entry::<thesis::DigitRegression>(),
        &entry::<thesis::SkillSigmoids>(),
        &entry::<thesis::ResourceScaling>(),
        &entry::<thesis::ComputeScaling>(),
        &entry::<thesis::FiniteSkills>(),
        &entry::<thesis::LinearAgainstMultilinear>(),
        &entry::<thesis::ExtendedMultilinear>(),
        &entry::<thesis::Emergence>(),
        &entry::<thesis::SharedWeights>(),
        &entry::<thesis::AnyStart>(),
        &entry::<thesis::LazyRich>(),
        &entry::<thesis::TargetDownscaling>(),
        &entry::<thesis::TransformerGrokking>(),
        &entry::<thesis::ImageGrokking>(),
        &entry::<thesis::TrainingSizes>(),
        &entry::<thesis::RatesAndDecays>(),
        &entry::<thesis::BatchNormEffect>(),
        &entry::<thesis::FeatureCourse>(),
    ];
    ALL
}

/// The experiment with this id.
///
/// # Errors
/// An unknown id, with the nearest known one.
pub fn find(id: &str) -> Result<&'static dyn Registered> {
    registry()
        .iter()
        .copied()
        .find(|e| e.info().id == id)
        .ok_or_else(|| Error::unknown("experiment", id, registry().iter().map(|e| e.info().id)))
}
