//! The experiments of the multilinear model.

use crate::common::{refused, run};
use scurve::experiment::thesis::{
    ComputeScaling, ExtendedMultilinear, FiniteSkills, LinearAgainstMultilinear, ResourceScaling,
    SkillSigmoids,
};
use scurve::experiment::{Experiment, Scale, Settings};

#[test]
fn sigmoids_follow_their_own_share_of_the_data() {
    let experiment = SkillSigmoids::preset(Scale::Check);
    let outcome = run(&experiment);
    let checks = outcome.table("checks").unwrap();
    let of = |name: &str| checks.f64s(name).unwrap();
    assert_eq!(of("overlap"), [0.0, 0.0]);
    assert!(of("norm").iter().all(|n| (n - 1.0).abs() < 1e-12));
    assert!(of("flow").iter().all(|e| *e < 1e-9));
    for (descent, quarter) in of("descent").iter().zip(of("quarter")) {
        assert!(quarter > 0.0 && (descent / quarter / 4.0 - 1.0).abs() < 0.3);
    }
    // η = 0.2: (1 − η)/2, and 1
    assert!(of("b8").iter().all(|r| (r - 0.4).abs() < 1e-3));
    assert!(of("b8_corrected").iter().all(|r| (r - 1.0).abs() < 1e-6));
    let curves = outcome.table("curves").unwrap();
    let strength = curves.f64s("strength").unwrap();
    assert!(strength.iter().all(|r| *r > 0.009 && *r < 1.0001));
}

#[test]
fn table_4_1_has_the_limit_exponents() {
    let experiment = ResourceScaling::preset(Scale::Check);
    let outcome = run(&experiment);
    let table = experiment.table_4_1(&outcome).unwrap();
    assert_eq!(table.height(), 8);
    let (limit, predicted) = (
        table.f64s("limit").unwrap(),
        table.f64s("predicted").unwrap(),
    );
    let finite = table.f64s("finite").unwrap();
    let corrected = table.f64s("corrected").unwrap();
    for i in 0..8 {
        // Windows of the check preset begin at N = 5 and C = 1000.
        assert!(
            (limit[i] - predicted[i]).abs() < 0.12 * predicted[i],
            "{i}: {} {}",
            limit[i],
            predicted[i]
        );
        // 2000 skills bend every law downwards; adding what they lack mends it.
        assert!(
            finite[i] > limit[i] && (corrected[i] - limit[i]).abs() < 0.3 * (finite[i] - limit[i]),
            "{i}"
        );
    }
    let time = table.rows_where("bottleneck", "T").unwrap();
    for (limit, predicted) in time
        .f64s("limit")
        .unwrap()
        .iter()
        .zip(time.f64s("predicted").unwrap())
    {
        assert!(
            (limit / predicted - 1.0).abs() < 1e-3,
            "{limit} {predicted}"
        );
    }
}

#[test]
fn the_envelope_is_below_every_model() {
    let experiment = ComputeScaling::preset(Scale::Check);
    let outcome = run(&experiment);
    let (curves, best) = (
        outcome.table("curves").unwrap(),
        outcome.table("best").unwrap(),
    );
    let (c, least) = (best.f64s("compute").unwrap(), best.f64s("finite").unwrap());
    for (compute, loss) in curves
        .f64s("compute")
        .unwrap()
        .iter()
        .zip(curves.f64s("loss").unwrap())
    {
        if let Some(i) = c.iter().position(|c| c >= compute).filter(|i| *i > 0) {
            assert!(loss >= least[i] * (1.0 - 1e-9), "{compute}: {loss}");
        }
    }
    // ℒ_T falls faster than T⁻² late, and as the tail of its last skill does.
    let within = outcome.table("within").unwrap();
    let (found, tail) = (
        within.f64s("exponent").unwrap(),
        within.f64s("predicted").unwrap(),
    );
    let last = found.len() - 1;
    assert!(found[last] > 8.0 && (found[last] / tail[last] - 1.0).abs() < 0.1);
}

#[test]
fn the_correction_is_the_better_law() {
    let experiment = FiniteSkills::preset(Scale::Check);
    let outcome = run(&experiment);
    let curves = outcome.table("curves").unwrap();
    let of = |name: &str| curves.f64s(name).unwrap();
    let (t, exact, power, corrected) = (of("t"), of("exact"), of("power"), of("corrected"));
    let last = t.len() - 1;
    assert!(
        (corrected[last] / exact[last] - 1.0).abs() < 0.2 * (power[last] / exact[last] - 1.0).abs()
    );
}

#[test]
fn the_linear_model_shares_the_laws_and_the_shots() {
    let experiment = LinearAgainstMultilinear::preset(Scale::Check);
    let outcome = run(&experiment);
    let exponents = outcome.table("exponents").unwrap();
    for (found, law) in exponents
        .f64s("exponent")
        .unwrap()
        .iter()
        .zip(exponents.f64s("law").unwrap())
    {
        assert!((found / law - 1.0).abs() < 0.01, "{found} {law}");
    }
    let shots = outcome.table("shots").unwrap();
    for (a, b) in shots
        .f64s("linear")
        .unwrap()
        .iter()
        .zip(shots.f64s("multilinear").unwrap())
    {
        assert!((a - b).abs() < 1e-3);
    }
    let growth = outcome.table("growth").unwrap();
    for (a, b) in growth
        .f64s("strength")
        .unwrap()
        .iter()
        .zip(growth.f64s("simulated").unwrap())
    {
        assert!((a - b).abs() < 0.05);
    }
}

#[test]
fn shots_and_lemmas_are_measured() {
    let experiment = ExtendedMultilinear::preset(Scale::Check);
    let outcome = run(&experiment);
    let shots = outcome.table("shots").unwrap();
    let generic = shots.rows_where("basis", "generic").unwrap();
    // 24 examples of 16 basis functions: all is learned, but for a rare degenerate draw.
    let full = generic
        .rows_where("examples", 24)
        .unwrap()
        .f64s("strength")
        .unwrap();
    assert!(full.iter().all(|r| (r - 1.0).abs() < 1e-3));
    // B.42's loss and 4.7's strength of a minimum-norm estimate sum to ½: ℒ/S² = (1 − 𝓡/S)/2.
    for (r, l) in shots
        .f64s("strength")
        .unwrap()
        .iter()
        .zip(shots.f64s("loss").unwrap())
    {
        assert!((l - 0.5 * (1.0 - r)).abs() < 1e-5);
    }
    let lemmas = outcome.table("lemmas").unwrap();
    assert!(lemmas.f64s("conserved").unwrap().iter().all(|c| *c < 1e-9));
    assert!(lemmas.f64s("outside").unwrap().iter().all(|c| *c < 1e-9));
}

#[test]
fn bad_settings_are_named() {
    fn with<E: Experiment>(change: impl Fn(&mut E)) -> String {
        let mut bad = E::preset(Scale::Check);
        change(&mut bad);
        refused(bad)
    }
    assert_eq!(with(|f: &mut SkillSigmoids| f.alpha = 0.0), "alpha");
    assert_eq!(with(|f: &mut SkillSigmoids| f.bits = 8), "bits");
    assert_eq!(with(|f: &mut SkillSigmoids| f.sparse = 0), "m");
    assert_eq!(with(|f: &mut SkillSigmoids| f.rate = 2.0), "rate");
    assert_eq!(with(|f: &mut SkillSigmoids| f.start = 1.0), "start");
    assert_eq!(
        with(|f: &mut ResourceScaling| f.alphas = vec![-0.5]),
        "alphas"
    );
    assert_eq!(
        with(|f: &mut ResourceScaling| f.times = [10.0, 20.0]),
        "times"
    );
    assert_eq!(with(|f: &mut ResourceScaling| f.skills = 1), "skills");
    assert_eq!(
        with(|f: &mut ComputeScaling| f.parameters = vec![2_000]),
        "parameters"
    );
    assert_eq!(
        with(|f: &mut ComputeScaling| f.compute = [1.0, 2.0]),
        "compute"
    );
    assert_eq!(with(|f: &mut FiniteSkills| f.from = 900.0), "from");
    assert_eq!(with(|f: &mut FiniteSkills| f.alphas = vec![]), "alphas");
    assert_eq!(
        with(|f: &mut LinearAgainstMultilinear| f.window = [1.0, 2.0]),
        "window"
    );
    assert_eq!(
        with(|f: &mut LinearAgainstMultilinear| f.rate = 0.0),
        "rate"
    );
    assert_eq!(with(|f: &mut ExtendedMultilinear| f.shots = 12), "shots");
    assert_eq!(with(|f: &mut ExtendedMultilinear| f.bits = 5), "bits");
    assert_eq!(
        with(|f: &mut ExtendedMultilinear| f.slowing = 0.5),
        "slowing"
    );
}
