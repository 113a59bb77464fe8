//! What tests of experiments share.

use scurve::error::Error;
use scurve::experiment::{Experiment, Outcome, RunOptions};

/// Runs into a folder of its own and makes claims and figures.
pub fn run<E: Experiment>(experiment: &E) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let outcome = experiment
        .run_with(&RunOptions::into_folder(folder.path()))
        .unwrap();
    for (name, figure) in experiment.figures(&outcome).unwrap().0 {
        assert!(figure.svg().is_ok(), "{name}");
    }
    outcome
}

/// The field that its settings are refused for.
pub fn refused<E: Experiment>(experiment: E) -> String {
    match experiment.validate() {
        Err(Error::Setting { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}
