//! N₀ fitted to skill curves.

use scurve::prelude::*;

fn model(n: usize, norm: Norm) -> Resource {
    let p = Frequencies::power_law(n, 2.0).unwrap();
    Resource::new(p, 0.02).unwrap().with_norm(norm)
}

fn times() -> Vec<f64> {
    (0..300).map(|k| 3.0 * f64::from(k)).collect()
}

fn curves(model: &Resource, waste: f64) -> Array2<f64> {
    model
        .clone()
        .with_waste(waste)
        .unwrap()
        .exact(&times())
        .unwrap()
        .skills()
}

#[test]
fn the_waste_of_exact_curves_is_recovered() {
    for norm in [Norm::L1, Norm::L2] {
        for waste in [1e-6, 3e-3, 0.2, 5.0] {
            let fit = model(10, norm)
                .fit_waste(&times(), &curves(&model(10, norm), waste))
                .unwrap();
            assert!(
                (fit.waste.value / waste - 1.0).abs() < 1e-6,
                "{norm:?} {waste}: {fit}"
            );
            assert!(fit.rmse < 1e-8 && fit.bound == Bound::Inside && fit.rmse < fit.rmse_without);
        }
    }
}

#[test]
fn curves_without_waste_give_a_bound() {
    for norm in [Norm::L1, Norm::L2] {
        let fit = model(10, norm)
            .fit_waste(&times(), &curves(&model(10, norm), 0.0))
            .unwrap();
        assert_eq!(
            (fit.bound, fit.waste.value, fit.waste.low),
            (Bound::AtMost, 0.0, 0.0)
        );
        assert!(
            fit.waste.high < 1e-8 && fit.to_string().contains("at most"),
            "{fit}"
        );
    }
}

#[test]
fn curves_that_never_rise_give_a_bound_too() {
    let flat = Array2::zeros((300, 10));
    let fit = model(10, Norm::L1).fit_waste(&times(), &flat).unwrap();
    assert!(
        fit.bound == Bound::AtLeast && fit.waste.low > 10.0 && fit.waste.high.is_infinite(),
        "{fit}"
    );
}

#[test]
fn noise_between_skills_is_covered() {
    // Each skill has a rate of its own, 10 % around the model's: the interval must cover the truth in most of 60 draws.
    let truth = 0.01;
    let draws = Seed(4).normal("data", 60, 12);
    let base = model(12, Norm::L1).with_waste(truth).unwrap();
    let missed = draws.outer_iter().filter(|draw| {
        let mut curves = base.exact(&times()).unwrap().skills();
        for (i, z) in draw.iter().enumerate() {
            let faster: Vec<f64> = times().iter().map(|t| t * (1.0 + 0.1 * z)).collect();
            curves
                .column_mut(i)
                .assign(&base.exact(&faster).unwrap().skills().column(i));
        }
        !base
            .fit_waste(&times(), &curves)
            .unwrap()
            .waste
            .contains(truth)
    });
    let missed = missed.count();
    assert!(missed <= 9, "{missed} of 60 missed");
}

#[test]
fn agrees_with_the_published_grid() {
    // The authors take the best of 601 log-spaced N₀ in [1e-4, 1e2]; the continuous optimum lies within half a step of it.
    let mut curves = curves(&model(10, Norm::L1), 0.02);
    curves.mapv_inplace(|s| s.powf(1.05));
    let grid = (0..601).map(|k| 10f64.powf(-4.0 + 0.01 * f64::from(k)));
    let score = |n0: f64| {
        model(10, Norm::L1)
            .with_waste(n0)
            .unwrap()
            .rmse(&times(), &curves)
            .unwrap()
    };
    let best = grid.min_by(|a, b| score(*a).total_cmp(&score(*b))).unwrap();
    let fit = model(10, Norm::L1).fit_waste(&times(), &curves).unwrap();
    assert!(
        (fit.waste.value / best).log10().abs() <= 0.0051,
        "{fit} {best}"
    );
    assert!(fit.rmse <= score(best) && (fit.rmse - score(fit.waste.value)).abs() < 1e-12);
}

#[test]
fn bad_curves_are_refused_by_name() {
    let refused = |skills: Array2<f64>, part: &str| {
        let message = model(10, Norm::L1)
            .fit_waste(&times(), &skills)
            .unwrap_err()
            .to_string();
        assert!(message.contains(part), "{message}");
    };
    refused(Array2::zeros((300, 9)), "skills = 300 × 9");
    refused(Array2::zeros((0, 10)), "skills = 0 × 10");
    let mut diverged = Array2::zeros((300, 10));
    diverged[[7, 3]] = f64::NAN;
    refused(diverged, "skills[7, 3] = NaN");
}
