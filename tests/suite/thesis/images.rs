//! Residual and VGG networks on images: sizes, rates, decays, rules, normalisation, and the course of features.

use crate::common::{refused, run};
use scurve::experiment::thesis::{
    BatchNormEffect, FeatureCourse, ImageNetworks, Net, Pictures, RatesAndDecays, Recipe,
    TrainingSizes,
};
use scurve::experiment::{Experiment, Outcome, Scale, Settings};
use scurve::model::network::Init;
use scurve::optimizer::{Muon, Optimizer};
use scurve::table::Table;
use scurve::task::image::ImageSet;

/// Every claim has a number, and each named column of `end` one for each training that did not diverge.
fn sound<E: Experiment>(experiment: &E, outcome: &Outcome, trainings: usize) -> Table {
    let claims = experiment.claims(outcome).unwrap();
    for claim in &claims.0 {
        assert!(!claim.statement.is_empty() && !claim.expected.is_empty());
    }
    let end = outcome.table("end").unwrap();
    assert_eq!(end.height(), trainings);
    assert!(end.f64s("diverged").unwrap().iter().all(|d| d.is_nan()));
    for name in ["kappa", "kappa_train", "quality_first", "utilization_first"] {
        for x in end.f64s(name).unwrap() {
            assert!((-1e-9..=1.0 + 1e-9).contains(&x), "{name} {x}");
        }
    }
    for (first, all) in end
        .f64s("quality_first")
        .unwrap()
        .iter()
        .zip(end.f64s("quality_all").unwrap())
    {
        assert!(*first <= all + 1e-12);
    }
    end
}

#[test]
fn image_networks_at_check() {
    let experiment = ImageNetworks::preset(Scale::Check);
    let outcome = run(&experiment);
    // Two seeds, two networks on one set, two numbers of classes.
    let end = sound(&experiment, &outcome, 2 * (2 + 2));
    // All classes are the row of the table, trained once.
    let of = |part: &str, setting: &str, column: &str| {
        let rows = end.rows_where("part", part).unwrap();
        let rows = rows.rows_where("setting", setting).unwrap();
        rows.f64s(column).unwrap()
    };
    for column in ["kappa", "test_accuracy", "intensity_dimension"] {
        assert_eq!(
            of("classes", "10 classes", column),
            of("resnet", "fashion-mnist-6k", column)
        );
        assert_ne!(
            of("classes", "3 classes", column),
            of("resnet", "fashion-mnist-6k", column)
        );
    }
    let table = experiment.table_2_2(&outcome).unwrap();
    assert_eq!(table.height(), 4);
    assert_eq!(table.f64s("seeds").unwrap(), [2.0; 4]);
    let pictures = Pictures::all(ImageSet::FashionMnist6k, 6, 8);
    let with = |change: &dyn Fn(&mut ImageNetworks)| {
        let mut bad = ImageNetworks::preset(Scale::Check);
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(with(&|s| s.sets = vec![]), "sets");
    assert_eq!(with(&|s| s.classes = vec![]), "classes");
    assert_eq!(with(&|s| s.classes = vec![5, 3]), "classes");
    assert_eq!(with(&|s| s.classes = vec![11]), "pictures.classes");
    assert_eq!(with(&|s| s.resnet.batch = 61), "recipe.batch");
    assert_eq!(with(&|s| s.long = 0), "long");
    let set = |change: &dyn Fn(&mut Pictures)| {
        let mut pictures = pictures.clone();
        change(&mut pictures);
        with(&|s| s.sets = vec![pictures.clone()])
    };
    assert_eq!(set(&|p| p.per_class = 1), "pictures.per_class");
    assert_eq!(set(&|p| p.side = 0), "pictures.side");
    assert_eq!(set(&|p| p.crop = 9), "pictures.crop");
    // Five stages halve an image of 16 pixels to nothing.
    let deep = |side: usize| {
        let mut bad = ImageNetworks::preset(Scale::Check);
        bad.sets = vec![Pictures::all(ImageSet::FashionMnist6k, 6, side)];
        bad.vgg.net = Net::Vgg {
            width: 2,
            depths: vec![1; 5],
            batch_norm: true,
            init: Init::Torch,
        };
        bad.validate()
    };
    assert!(deep(32).is_ok());
    let message = deep(16).unwrap_err().to_string();
    assert!(
        message.contains("side = 16") && message.contains("at least 32"),
        "{message}"
    );
}

#[test]
fn learning_curves_at_check() {
    let experiment = TrainingSizes::preset(Scale::Check);
    let outcome = run(&experiment);
    let end = sound(&experiment, &outcome, 2 * (4 + 2));
    let sizes = end
        .rows_where("part", "plain")
        .unwrap()
        .f64s("value")
        .unwrap();
    assert_eq!(sizes[..4], [30.0, 40.0, 60.0, 80.0]);
    // Random crops change the course.
    let at = |part: &str| {
        let rows = end.rows_where("part", part).unwrap();
        rows.rows_where("setting", "80")
            .unwrap()
            .f64s("train_loss")
            .unwrap()
    };
    assert_ne!(at("plain"), at("changed"));
    // Small sets train for more epochs: at least so many steps.
    let training = outcome.table("training").unwrap();
    let rows = training.rows_where("setting", "30").unwrap();
    assert_eq!(*rows.distinct("epoch").unwrap().last().unwrap(), 3);
    let longer = TrainingSizes {
        least_steps: 10,
        seeds: 1,
        ..experiment.clone()
    };
    let outcome = run(&longer);
    let training = outcome.table("training").unwrap();
    let rows = training.rows_where("setting", "30").unwrap();
    // 3 epochs of 3 steps are 9: twice as many.
    assert_eq!(*rows.distinct("epoch").unwrap().last().unwrap(), 6);
    assert_eq!(experiment.summary(&run(&experiment)).unwrap().height(), 6);
    let with = |change: &dyn Fn(&mut TrainingSizes)| {
        let mut bad = experiment.clone();
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(with(&|s| s.sizes = vec![3, 4, 6]), "sizes.len()");
    assert_eq!(with(&|s| s.sizes = vec![3, 4, 6, 5]), "sizes");
    assert_eq!(with(&|s| s.changed = vec![5]), "changed");
    assert_eq!(with(&|s| s.recipe.rate = 0.0), "recipe.rate");
}

#[test]
fn rates_decays_and_rules_at_check() {
    let experiment = RatesAndDecays::preset(Scale::Check);
    let outcome = run(&experiment);
    let end = sound(&experiment, &outcome, 2 * (2 + 2 + 4));
    // The recipe's own rate is trained once.
    let of = |part: &str, setting: &str| {
        let rows = end.rows_where("part", part).unwrap();
        rows.rows_where("setting", setting)
            .unwrap()
            .f64s("kappa")
            .unwrap()
    };
    assert_eq!(of("rate", "0.05"), of("rule", "base"));
    let all: Vec<f64> = ["base", "adam", "muon", "soap"]
        .iter()
        .flat_map(|rule| of("rule", rule))
        .collect();
    for (i, x) in all.iter().enumerate() {
        assert!(!all[..i].contains(x), "{all:?}");
    }
    assert_eq!(experiment.summary(&outcome).unwrap().height(), 8);
    let with = |change: &dyn Fn(&mut RatesAndDecays)| {
        let mut bad = experiment.clone();
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(with(&|s| s.rates = vec![]), "rates");
    assert_eq!(with(&|s| s.rates = vec![0.1, 0.01]), "rates");
    assert_eq!(with(&|s| s.rates = vec![-0.1, 0.01]), "rates");
    assert_eq!(with(&|s| s.decays = vec![0.1, 0.01]), "decays");
    assert_eq!(with(&|s| s.decays = vec![-1.0]), "recipe.weight_decay");
    let twice: Vec<Optimizer> = vec![Muon::new(0.1).into(), Muon::new(0.01).into()];
    assert_eq!(with(&|s| s.rules = twice.clone()), "rules");
    let negative: Vec<Optimizer> = vec![Muon::new(-0.1).into()];
    assert_eq!(with(&|s| s.rules = negative.clone()), "recipe.rule.lr");
}

#[test]
fn a_rate_that_diverges_is_written_down_as_such() {
    let experiment = RatesAndDecays {
        rates: vec![5e-2, 1e30],
        decays: vec![1e-3],
        rules: vec![],
        seeds: 1,
        ..RatesAndDecays::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let end = outcome.table("end").unwrap();
    let rows = end.rows_where("value", 1e30).unwrap();
    assert!(rows.f64s("diverged").unwrap()[0] > 0.0);
    assert!(rows.f64s("kappa").unwrap()[0].is_nan());
    assert!(experiment.claims(&outcome).is_ok());
}

#[test]
fn batch_norm_at_check() {
    let experiment = BatchNormEffect::preset(Scale::Check);
    let outcome = run(&experiment);
    let end = sound(&experiment, &outcome, 2 * 4);
    let with = end
        .rows_where("setting", "with")
        .unwrap()
        .f64s("kappa")
        .unwrap();
    let without = end
        .rows_where("setting", "without")
        .unwrap()
        .f64s("kappa")
        .unwrap();
    assert!(with.iter().zip(&without).all(|(a, b)| a != b));
    assert_eq!(experiment.summary(&outcome).unwrap().height(), 4);
    let mut bad = experiment;
    bad.recipe.net = Net::resnet18(2);
    assert_eq!(refused(bad), "recipe.net");
}

#[test]
fn the_course_of_features_at_check() {
    let experiment = FeatureCourse::preset(Scale::Check);
    let outcome = run(&experiment);
    let end = sound(&experiment, &outcome, 2 * 6);
    // The same network on the same set is trained once.
    let of = |part: &str| end.rows_where("part", part).unwrap().f64s("kappa").unwrap();
    assert_eq!(of("resnet"), of("resnet-many"));
    assert_ne!(of("resnet"), of("slow"));
    let features = outcome.table("features").unwrap();
    let own = features.rows_where("part", "fcn").unwrap();
    assert_eq!(own.distinct("epoch").unwrap(), [0, 1, 2, 4]);
    // As many features as are independent, of 16.
    let ks = own.distinct("k").unwrap();
    assert_eq!(ks, (1..=ks.len() as i64).collect::<Vec<_>>());
    assert!((3..=16).contains(&ks.len()));
    assert_eq!(experiment.summary(&outcome).unwrap().height(), 6);
    let bad = FeatureCourse {
        slow: 0.0,
        ..experiment
    };
    assert_eq!(refused(bad), "slow");
}

/// The published settings with networks of width 1 on the shipped images: what a GPU runs builds and makes its steps.
#[test]
fn published_settings_run_at_a_tiny_width() {
    let shown = || Pictures::all(ImageSet::FashionMnist6k, 13, 32).cropped(4);
    let tiny = |recipe: &Recipe| {
        let mut recipe = recipe.clone();
        recipe.epochs = 1;
        match &mut recipe.net {
            Net::Resnet { width, .. } | Net::Vgg { width, .. } => *width = 1,
            Net::Mlp { hidden } => hidden.fill(4),
            Net::Cnn { .. } => unreachable!(),
        }
        recipe
    };
    let paper = ImageNetworks::preset(Scale::Paper);
    assert!(paper.validate().is_ok());
    let experiment = ImageNetworks {
        sets: vec![shown()],
        classes: vec![10],
        resnet: tiny(&paper.resnet),
        vgg: tiny(&paper.vgg),
        seeds: 1,
        ..paper
    };
    sound(&experiment, &run(&experiment), 3);
    let paper = FeatureCourse::preset(Scale::Paper);
    assert!(paper.validate().is_ok());
    let experiment = FeatureCourse {
        hard: shown(),
        easy: Pictures::all(ImageSet::Digits8x8, 13, 32),
        many: shown(),
        resnet: tiny(&paper.resnet),
        fcn: tiny(&paper.fcn),
        vgg: tiny(&paper.vgg),
        seeds: 1,
        ..paper
    };
    sound(&experiment, &run(&experiment), 6);
    assert!(TrainingSizes::preset(Scale::Paper).validate().is_ok());
    assert!(RatesAndDecays::preset(Scale::Paper).validate().is_ok());
    assert!(BatchNormEffect::preset(Scale::Paper).validate().is_ok());
}
