//! The experiments of the S-curves post: that they run at `check`, name a bad setting, and give known answers.

use crate::common::{refused, run};
use scurve::claim::Verdict;
use scurve::experiment::scurves::{
    AdamComparison, AttentionHead, CrossEntropy, OneComponent, Rank, RankTwoBumps, WeightDecay,
};
use scurve::experiment::{Experiment, RunOptions, Scale, Settings};

#[test]
fn weight_decay_ends_at_the_soft_threshold() {
    let experiment = WeightDecay {
        ranks: vec![1, 4],
        decays: vec![0.0, 0.5, 1.1],
        critical: vec![0.5, 0.9],
        duration: 100.0,
        seeds: 3,
        ..WeightDecay::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    assert_eq!(runs.height(), 3 * 2 * 3);
    let one = runs.rows_where("rank", 1).unwrap();
    // min(1, λ/σ₁)² is left of the loss at rank 1.
    for (lambda, left) in [(0.0, 0.0), (0.5, 0.25), (1.1, 1.0)] {
        for loss in one
            .rows_where("lambda", lambda)
            .unwrap()
            .f64s("end_loss")
            .unwrap()
        {
            assert!((loss - left).abs() < 1e-6, "{lambda}: {loss}");
        }
    }
    let claims = experiment.claims(&outcome).unwrap().0;
    let verdict = |id: &str| claims.iter().find(|c| c.id == id).map(|c| c.verdict);
    assert_eq!(verdict("soft-threshold"), Some(Verdict::Holds));
    assert_eq!(verdict("growth-rate"), Some(Verdict::Holds));
}

#[test]
fn weight_decay_names_what_it_refuses() {
    let check = WeightDecay::preset(Scale::Check);
    let with = |change: fn(&mut WeightDecay)| {
        let mut experiment = check.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.decays = vec![0.1]), "decays");
    assert_eq!(with(|e| e.critical = vec![1.0]), "critical");
    assert_eq!(with(|e| e.ranks = vec![101]), "ranks");
    assert_eq!(with(|e| e.ranks = vec![]), "ranks");
    assert_eq!(with(|e| e.rate = f64::NAN), "rate");
}

#[test]
fn weight_decay_records_a_diverged_configuration() {
    let experiment = WeightDecay {
        ranks: vec![1],
        decays: vec![0.0, 9.0],
        critical: vec![0.5],
        // λ × rate = 2.7 > 2 is unstable; rate alone is not.
        rate: 0.3,
        seeds: 1,
        ..WeightDecay::preset(Scale::Check)
    };
    let runs = run(&experiment).table("runs").unwrap();
    let steps = runs.f64s("diverged_step").unwrap();
    assert!(steps[0].is_nan() && steps[1] > 0.0, "{steps:?}");
    assert!(runs.f64s("end_loss").unwrap()[1].is_nan());
}

#[test]
fn cross_entropy_of_small_logits_is_the_squared_error() {
    let experiment = CrossEntropy {
        ranks: vec![2],
        steps: 100,
        seeds: 3,
        ..CrossEntropy::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let claims = experiment.claims(&outcome).unwrap().0;
    let claim = claims.iter().find(|c| c.id == "small-logits").unwrap();
    assert!((claim.measured - 1.0).abs() < 0.05, "{}", claim.measured);
    // n² = 10⁴ equal logits have the entropy ln 10⁴; those as drawn, less.
    let runs = outcome.table("runs").unwrap();
    let entropy = |case: &str| {
        runs.rows_where("case", case)
            .unwrap()
            .f64s("entropy")
            .unwrap()[0]
    };
    assert!((entropy("small-logits") - 1e4f64.ln()).abs() < 0.01);
    assert!(entropy("cross-entropy") < 9.0);
}

#[test]
fn cross_entropy_names_what_it_refuses() {
    let mut experiment = CrossEntropy::preset(Scale::Check);
    experiment.wide_rate = 0.0;
    assert_eq!(refused(experiment), "wide_rate");
}

#[test]
fn an_attention_head_decays_by_a_power_law_and_waits_longer_with_more_parts() {
    let experiment = AttentionHead {
        seeds: 3,
        budget: 2e4,
        ..AttentionHead::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    assert_eq!(runs.height(), 3 * 4);
    // N ∼ t^{−1/3} of balanced parts without overlap.
    let balanced = runs.rows_where("case", "balanced").unwrap();
    for exponent in balanced.f64s("exponent").unwrap() {
        assert!((exponent - 1.0 / 3.0).abs() < 0.02, "{exponent}");
    }
    let linear = runs.rows_where("case", "linear").unwrap();
    let plateau = |parts: i64| {
        let rows = linear.rows_where("parts", parts).unwrap();
        rows.f64s("plateau").unwrap()
    };
    for (one, two) in plateau(1).into_iter().zip(plateau(2)) {
        assert!(one < two, "{one} {two}");
    }
    for (rate, change) in linear
        .f64s("initial_rate")
        .unwrap()
        .iter()
        .zip(linear.f64s("invariance").unwrap())
    {
        assert!(
            (rate - 1.0).abs() < 0.1 && change < 1e-13,
            "{rate} {change}"
        );
    }
}

#[test]
fn an_attention_head_names_what_it_refuses() {
    let check = AttentionHead::preset(Scale::Check);
    let with = |change: fn(&mut AttentionHead)| {
        let mut experiment = check.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.parts = vec![0]), "parts");
    assert_eq!(with(|e| e.rank = 33), "rank");
    assert_eq!(with(|e| e.budget = -1.0), "budget");
    assert_eq!(with(|e| e.rtol = 1.0), "rtol");
}

#[test]
fn the_check_presets_run() {
    let outcome = run(&WeightDecay::preset(Scale::Check));
    assert_eq!(outcome.seeds().len(), 2);
    assert_eq!(
        outcome.table_names(),
        ["critical", "curves", "modes", "runs"]
    );
    let outcome = run(&CrossEntropy::preset(Scale::Check));
    assert_eq!(outcome.table_names(), ["curves", "runs"]);
}

#[test]
fn single_component_is_exponential_and_a_link_makes_it_wait() {
    let experiment = OneComponent {
        sizes: vec![1, 3],
        depths: vec![0.0, 4.0, 5.0, 6.0],
        depth_spread: 0.0,
        seeds: 2,
        ..OneComponent::preset(Scale::Quick)
    };
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    // Two methods and four depths for each size.
    assert_eq!(runs.height(), 2 * 2 * 6);
    for rate in runs
        .rows_where("method", "flow")
        .unwrap()
        .f64s("rate")
        .unwrap()
    {
        assert!(rate.is_nan() || (rate - 2.0).abs() < 1e-6);
    }
    // From θ = −6 the drop comes after about e⁶ / a.
    let deep = runs
        .rows_where("depth", 6.0)
        .unwrap()
        .f64s("plateau")
        .unwrap();
    let law = 6f64.exp() / experiment.link_target;
    assert!(
        deep.iter().all(|p| (p / law - 1.0).abs() < 0.1),
        "{deep:?} {law}"
    );
    let claims = experiment.claims(&outcome).unwrap().0;
    assert!(
        claims
            .iter()
            .all(|c| c.verdict == Verdict::Holds || c.seeds < 8),
        "{claims:?}"
    );
}

#[test]
fn single_component_names_what_it_refuses() {
    let check = OneComponent::preset(Scale::Check);
    let with = |change: fn(&mut OneComponent)| {
        let mut experiment = check.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.sizes = vec![0]), "sizes");
    assert_eq!(with(|e| e.learning_rate = 1.0), "learning_rate");
    assert_eq!(with(|e| e.link_target = 1.0), "link_target");
    assert_eq!(with(|e| e.depths = vec![-1.0]), "depths");
}

#[test]
fn rank_one_has_a_plateau_and_full_rank_has_none() {
    let experiment = Rank {
        n: 40,
        ranks: vec![1, 4, 40],
        duration: 100.0,
        seeds: 2,
        ..Rank::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    assert_eq!(runs.height(), 2 * 3);
    let of = |rank: i64, column: &str| runs.rows_where("rank", rank).unwrap().f64s(column).unwrap();
    assert!(of(1, "plateau").iter().all(|p| *p > 0.5));
    assert!(of(40, "plateau").iter().all(|p| *p == 0.0));
    assert!(of(4, "angle").iter().all(|a| *a < 1e-6));
    assert!(of(1, "spread_modes").iter().all(|s| *s == 0.0));
    assert!(of(1, "final_loss").iter().all(|l| *l < 1e-20));
    let curves = outcome.table("curves").unwrap();
    for column in [
        "rank", "step", "t", "loss", "norm", "cosine", "angle", "gram_min", "seed",
    ] {
        assert!(curves.names().iter().any(|n| n == column), "{column}");
    }
}

#[test]
fn rank_records_divergence_and_names_what_it_refuses() {
    let experiment = Rank {
        n: 20,
        ranks: vec![1, 20],
        rate: 1.9,
        duration: 400.0,
        seeds: 1,
        ..Rank::preset(Scale::Check)
    };
    let folder = tempfile::tempdir().unwrap();
    let outcome = experiment
        .run_with(&RunOptions::into_folder(folder.path()))
        .unwrap();
    let runs = outcome.table("runs").unwrap();
    let diverged = runs.i64s("diverged").unwrap();
    let sigma = runs.f64s("sigma").unwrap();
    assert!(
        diverged
            .iter()
            .zip(sigma)
            .all(|(d, s)| (*d >= 0) == s.is_nan())
    );
    assert!(diverged.iter().any(|d| *d >= 0), "{diverged:?}");
    let check = Rank::preset(Scale::Check);
    let with = |change: fn(&mut Rank)| {
        let mut experiment = check.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.ranks = vec![101]), "ranks");
    assert_eq!(with(|e| e.ranks = vec![]), "ranks");
    assert_eq!(with(|e| e.rate = 2.0), "rate");
    assert_eq!(with(|e| e.target_scale = 0.0), "target_scale");
    assert_eq!(with(|e| e.duration = 1.0), "duration");
}

#[test]
fn rank_two_bumps_count_and_a_gap_makes_a_second_plateau() {
    let experiment = RankTwoBumps {
        n: 30,
        ranks: vec![2],
        slow_ranks: vec![2],
        gaps: vec![1.0, 8.0],
        seeds: 3,
        ..RankTwoBumps::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    // Three optimizers at two speeds.
    assert_eq!(runs.height(), 3 * 3 * 2);
    let rates = |speed: &str| {
        runs.rows_where("speed", speed)
            .unwrap()
            .f64s("rate")
            .unwrap()
    };
    assert!(
        rates("slow")
            .iter()
            .zip(rates("tuned"))
            .all(|(s, t)| *s == 0.25 * t)
    );
    // Folding at zero can only add to what is counted as a fall.
    assert!(
        runs.f64s("backoffs")
            .unwrap()
            .iter()
            .zip(runs.f64s("bumps").unwrap())
            .all(|(b, n)| *b >= n)
    );
    let gaps = outcome.table("gaps").unwrap();
    let (gap, plateaus) = (gaps.f64s("gap").unwrap(), gaps.i64s("plateaus").unwrap());
    let wide = gap
        .iter()
        .zip(plateaus)
        .filter(|(g, _)| (**g - 8.0).abs() < 1e-9);
    assert_eq!(wide.map(|(_, p)| p).collect::<Vec<_>>(), [2, 2, 2]);
}

#[test]
fn adam_compares_at_tuned_rates() {
    let experiment = AdamComparison {
        n: 30,
        ranks: vec![1, 30],
        seeds: 2,
        ..AdamComparison::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    assert_eq!(runs.height(), 2 * 2 * 3 * 2);
    // The tuned rate is one of the grid, the same for all seeds, and reaches the loss well within the run.
    for (name, grid) in [
        ("gd", &experiment.gd_rates),
        ("adam", &experiment.adam_rates),
    ] {
        let mine = runs
            .rows_where("optimizer", name)
            .unwrap()
            .rows_where("speed", "tuned")
            .unwrap();
        let one = mine.rows_where("rank", 1).unwrap();
        let rates = one.f64s("rate").unwrap();
        assert!(grid.contains(&rates[0]) && rates.iter().all(|r| *r == rates[0]));
        assert!(
            one.f64s("steps_to_loss")
                .unwrap()
                .iter()
                .all(|s| s.is_finite())
        );
    }
}

#[test]
fn the_optimizer_studies_name_what_they_refuse() {
    let check = RankTwoBumps::preset(Scale::Check);
    let with = |change: fn(&mut RankTwoBumps)| {
        let mut experiment = check.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.fall = 0.0), "fall");
    assert_eq!(with(|e| e.gaps = vec![0.5]), "gaps");
    assert_eq!(with(|e| e.adam_rates = vec![]), "adam_rates");
    assert_eq!(with(|e| e.slow_ranks = vec![200]), "ranks");
    let check = AdamComparison::preset(Scale::Check);
    let with = |change: fn(&mut AdamComparison)| {
        let mut experiment = check.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.gd_rates = vec![-1.0]), "gd_rates");
    assert_eq!(with(|e| e.tuning_loss = 1.5), "tuning_loss");
    assert_eq!(with(|e| e.tuning_seeds = 0), "tuning_seeds");
    assert_eq!(with(|e| e.window = 0.0), "window");
    assert_eq!(with(|e| e.ranks = vec![0]), "ranks");
}
