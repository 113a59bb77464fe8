//! Everything that a notebook cell needs: `use scurve::prelude::*;`.

pub use crate::claim::{Claim, Claims, Verdict};
pub use crate::device::DeviceKind;
pub use crate::error::{Error, Result};
pub use crate::experiment::physics::*;
pub use crate::experiment::scurves::*;
pub use crate::experiment::thesis::*;
pub use crate::experiment::{Experiment, Outcome, RunOptions, Scale, Settings};
pub use crate::figure::{Figure, Figures, Panel};
pub use crate::metric::eigenfunction::{Eigenfunctions, Gram};
pub use crate::metric::kernel_alignment::{KernelAlignment, MinimumProjection};
pub use crate::metric::minimum_projection::{MpOperator, Propositions};
pub use crate::metric::neural_collapse::{CollapseVariants, NeuralCollapse};
pub use crate::metric::representation::{
    FeatureFit, FeatureHistory, FeatureMetrics, FeatureTest, LastLayer, Regime,
};
pub use crate::metric::{curve, feature};
pub use crate::model::factor::*;
pub use crate::model::layerwise::*;
pub use crate::model::linear::*;
pub use crate::model::multilinear::*;
pub use crate::model::network::{
    self, Activation, Architecture, Batches, Cnn, Evaluation, Examples, Inputs, Loss, Mlp,
    MlpModule, MlpTrainer, ModuleTrainer, NetworkModule, ResNet, Targets, Transformer, Vgg,
};
pub use crate::model::quadratic::{Quadratic, QuadraticTrajectory};
pub use crate::model::skill::*;
pub use crate::optimizer::*;
pub use crate::seed::Seed;
pub use crate::stats::{self, Interval};
pub use crate::sweep::{Slurm, Sweep, Swept};
pub use crate::table::Table;
pub use crate::task::image::{
    Augmentation, ImageBatches, ImageData, ImageSet, ImageSources, Images, Normalisation,
};
pub use crate::task::*;
pub use crate::trace::Schedule;
pub use crate::train::{Trained, Training};
pub use ndarray::{Array1, Array2, array};
