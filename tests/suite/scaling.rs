//! Scaling fits on curves whose answer is known.

use ndarray::Array2;
use scurve::metric::scaling::{Window, power_law, power_law_seeds, two_point};
use scurve::seed::Seed;

fn grid(from: f64, to: f64, n: usize) -> Vec<f64> {
    (0..n)
        .map(|i| from * (to / from).powf(i as f64 / (n - 1) as f64))
        .collect()
}

fn map(x: &[f64], f: impl Fn(f64) -> f64) -> Vec<f64> {
    x.iter().map(|x| f(*x)).collect()
}

#[test]
fn an_exact_power_law_has_one_exponent_everywhere() {
    let x = grid(20.0, 1000.0, 25);
    let y = map(&x, |x| 4.0 * x.powf(-0.34));
    let fit = power_law(&x, &y, ..).unwrap();
    let windows = fit.windows(2.0).unwrap();
    let jackknife = fit.jackknife().unwrap();
    assert!((fit.exponent.value - 0.34).abs() < 1e-12 && (fit.scale - 4.0).abs() < 1e-11);
    assert!(fit.rms < 1e-13 && fit.over_points.high - fit.over_points.low < 1e-12);
    assert!(windows.spread() < 1e-12 && (windows.median - 0.34).abs() < 1e-12);
    assert!(jackknife.standard_error < 1e-13 && jackknife.exponents.len() == 25);
    assert!((two_point(&x, &y, x[3], x[20]).unwrap() - 0.34).abs() < 1e-12);
    assert!((fit.at(100.0) - 4.0 * 100f64.powf(-0.34)).abs() < 1e-12);
    // A rising curve has a negative exponent.
    let rising = power_law(&x, &map(&x, |x| x * x), ..).unwrap();
    assert!((rising.exponent.value + 2.0).abs() < 1e-12);
}

#[test]
fn only_the_window_counts() {
    let x = grid(1.0, 1e4, 41);
    let y = map(&x, |x| {
        if x <= 100.0 {
            1.0 / x
        } else {
            1e4 * x.powi(-3)
        }
    });
    let in_window = |from: f64, to: f64| power_law(&x, &y, from..=to).unwrap();
    assert!((in_window(1.0, 90.0).exponent.value - 1.0).abs() < 1e-12);
    assert!((in_window(110.0, 1e4).exponent.value - 3.0).abs() < 1e-12);
    let whole = power_law(&x, &y, ..).unwrap();
    assert!((1.0..3.0).contains(&whole.exponent.value) && whole.rms > 0.3);
    let windows = whole.windows(5.0).unwrap();
    assert!((windows.low - 1.0).abs() < 1e-9 && (windows.high - 3.0).abs() < 1e-9);
    assert!(
        windows
            .windows
            .iter()
            .all(|(a, b)| b / a >= 5.0 * (1.0 - 1e-8))
    );
    assert_eq!(windows.table().unwrap().height(), windows.exponents.len());
    let fit = in_window(2.0, 50.0);
    assert_eq!(
        fit.window,
        Window {
            from: 2.0,
            to: 50.0
        }
    );
    assert!(fit.used.0 >= 2.0 && fit.used.1 <= 50.0 && fit.points() == 13);
}

#[test]
fn intervals_cover_the_exponent_over_seeds_and_over_points() {
    let x = grid(10.0, 1000.0, 12);
    let (mut seeds, mut points, mut narrow) = (0, 0, 0);
    for trial in 0..200 {
        let noise = Seed(trial).normal("data", 8, 12);
        // Each seed is tilted: an error that points do not show.
        let tilt = Seed(trial).normal("init", 8, 1);
        let tilted = Array2::from_shape_fn((8, 12), |(s, i)| {
            3.0 * x[i].powf(-0.5 + 0.1 * tilt[[s, 0]]) * (0.05 * noise[[s, i]]).exp()
        });
        let fit = power_law_seeds(&x, &tilted, ..).unwrap();
        assert_eq!(Some(fit.exponent), fit.over_seeds);
        seeds += usize::from(fit.exponent.contains(0.5));
        narrow += usize::from(fit.over_points.contains(0.5));
        let one: Vec<f64> = (0..12)
            .map(|i| x[i].powf(-0.5) * (0.05 * noise[[0, i]]).exp())
            .collect();
        points += usize::from(power_law(&x, &one, ..).unwrap().exponent.contains(0.5));
    }
    println!("covered of 200: seeds {seeds}, points {points}, points in place of seeds {narrow}");
    assert!((178..=200).contains(&seeds) && (178..=200).contains(&points));
    assert!(narrow < 150);
}

#[test]
fn runs_that_diverged_are_left_out() {
    let x = grid(1.0, 100.0, 10);
    let mut y = Array2::from_shape_fn((4, 10), |(s, i)| (1.0 + s as f64) * x[i].powf(-0.7));
    y[[2, 3]] = f64::NAN;
    y[[1, 9]] = f64::INFINITY;
    y.column_mut(5).fill(f64::NAN);
    let fit = power_law_seeds(&x, &y, ..).unwrap();
    assert_eq!((fit.points(), fit.seeds()), (9, 4));
    let whole = power_law(&x, y.row(0).as_slice().unwrap(), ..).unwrap();
    assert!((whole.exponent.value - 0.7).abs() < 1e-12 && whole.points() == 9);
}

#[test]
fn the_jackknife_is_the_textbook_one() {
    // numpy: polyfit of each 5 of 6 points, sqrt(5/6 Σ (a − mean)²); t.ppf(.975, 5) = 2.570582.
    let x = [1.0, 2.0, 3.0, 5.0, 8.0, 13.0];
    let y = [1.0, 0.52, 0.31, 0.22, 0.11, 0.085];
    let fit = power_law(&x, &y, ..).unwrap();
    let jackknife = fit.jackknife().unwrap();
    println!(
        "{:.15} {:.15} {:.15?}",
        fit.exponent.value, jackknife.standard_error, jackknife.exponents
    );
    assert!((fit.exponent.value - 0.9896232316889236).abs() < 1e-12);
    assert!((jackknife.standard_error - 0.05322316321937533).abs() < 1e-12);
    let half = jackknife.exponent.high - jackknife.exponent.value;
    assert!((half - 2.570_581_835_636_314 * 0.05322316321937533).abs() < 1e-8);
}

#[test]
fn a_break_is_found() {
    let x = grid(1.0, 1e4, 33);
    for (before, after, at) in [(0.2, 1.5, 70.0), (1.5, 0.2, 300.0), (0.9, 0.1, 10.0)] {
        let law = |x: f64| 5.0 * (x / at).powf(if x <= at { -before } else { -after });
        let fit = power_law(&x, &map(&x, law), ..).unwrap();
        let broken = fit.broken().unwrap();
        assert!((broken.before.value - before).abs() < 1e-6, "{broken:?}");
        assert!((broken.after.value - after).abs() < 1e-6, "{broken:?}");
        assert!((broken.at.value / at - 1.0).abs() < 1e-6, "{broken:?}");
        assert!((broken.value - 5.0).abs() < 1e-5 && broken.rms < 1e-6 && broken.single_rms > 0.1);
    }
    // With noise over seeds the intervals hold the truth and are narrow.
    let noise = Seed(3).normal("data", 10, 33);
    let y = Array2::from_shape_fn((10, 33), |(s, i)| {
        (x[i] / 50.0).powf(if x[i] <= 50.0 { -0.3 } else { -1.0 }) * (0.1 * noise[[s, i]]).exp()
    });
    let broken = power_law_seeds(&x, &y, ..).unwrap().broken().unwrap();
    assert!(broken.before.contains(0.3) && broken.after.contains(1.0) && broken.at.contains(50.0));
    assert!(broken.before.high - broken.before.low < 0.1 && broken.at.high / broken.at.low < 2.0);
    assert_eq!(broken.table().unwrap().height(), 3);
}

#[test]
fn a_floor_is_found() {
    let x = grid(1.0, 1e3, 25);
    for (exponent, floor, scale) in [
        (0.5, 0.1, 2.0),
        (1.3, 1e-3, 0.4),
        (0.34, 1.7, 5.0),
        (0.8, 0.0, 1.0),
    ] {
        let fit = power_law(&x, &map(&x, |x| scale * x.powf(-exponent) + floor), ..).unwrap();
        let offset = fit.offset().unwrap();
        assert!(
            (offset.exponent.value - exponent).abs() < 1e-7,
            "{offset:?}"
        );
        assert!((offset.floor.value - floor).abs() < 1e-7, "{offset:?}");
        assert!((offset.at(30.0) / (scale * 30f64.powf(-exponent) + floor) - 1.0).abs() < 1e-8);
    }
    // A floor below zero: ever steeper.
    let fit = power_law(&x, &map(&x, |x| x.powf(-0.3) - 0.1), ..).unwrap();
    let offset = fit.offset().unwrap();
    assert!((offset.exponent.value - 0.3).abs() < 1e-6 && (offset.floor.value + 0.1).abs() < 1e-6);
}

#[test]
fn intervals_of_a_floor_cover_it() {
    let x = grid(1.0, 1e3, 25);
    let trials = 40;
    let mut held = [[0; 2]; 2];
    for trial in 0..trials {
        let noise = Seed(trial).normal("data", 12, 25);
        for (held, floor) in held.iter_mut().zip([0.0, 0.05]) {
            let y = Array2::from_shape_fn((12, 25), |(s, i)| {
                (x[i].powf(-0.6) + floor) * (0.05 * noise[[s, i]]).exp()
            });
            let offset = power_law_seeds(&x, &y, ..).unwrap().offset().unwrap();
            held[0] += usize::from(offset.floor.contains(floor));
            held[1] += usize::from(offset.exponent.contains(0.6));
            assert!(floor == 0.0 || offset.floor.above(0.0), "{offset:?}");
        }
    }
    println!(
        "of {trials}: floor and exponent held without a floor {:?}, with one {:?}",
        held[0], held[1]
    );
    assert!(held.as_flattened().iter().all(|n| *n >= 34));
}

#[test]
fn a_floor_agrees_with_scipy() {
    // scipy.optimize.least_squares of ln y − ln(e^p x^{−a} + c), xtol = ftol = gtol = 1e-15.
    let x = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
    let y = [1.10, 0.66, 0.49, 0.31, 0.26, 0.21, 0.20];
    let offset = power_law(&x, &y, ..).unwrap().offset().unwrap();
    println!(
        "{:.12} {:.12} {:.12}",
        offset.exponent.value, offset.floor.value, offset.scale.value
    );
    assert!((offset.exponent.value - 0.8504820848336794).abs() < 1e-7);
    assert!((offset.floor.value - 0.16805979457520903).abs() < 1e-7);
    assert!((offset.scale.value - 0.929397083179298).abs() < 1e-7);
}

#[test]
fn bad_input_is_named() {
    let x = [1.0, 2.0, 3.0, 4.0, 5.0];
    let y = [1.0, 0.5, 0.3, 0.25, 0.2];
    let fail =
        |x: &[f64], y: &[f64], window: Window| power_law(x, y, window).unwrap_err().to_string();
    let all = Window::from(..);
    let starts = |error: String, with: &str| assert!(error.starts_with(with), "{error}");
    starts(fail(&x, &y[..4], all), "y.len() = 4");
    starts(fail(&[0.0, 1.0, 2.0], &y[..3], all), "x[0] = 0");
    starts(fail(&[1.0, f64::NAN, 2.0], &y[..3], all), "x[1] = NaN");
    starts(fail(&[1.0, 1.0, 2.0], &y[..3], all), "x[1] = 1");
    starts(
        fail(&x, &[1.0, 0.5, 0.0, 0.2, 0.1], all),
        "y[2] of seed 0 = 0",
    );
    starts(
        fail(&x, &[1.0, 0.5, -1.0, 0.2, 0.1], all),
        "y[2] of seed 0 = -1",
    );
    starts(fail(&x[..2], &y[..2], all), "window = all x");
    starts(fail(&[], &[], all), "window = all x");
    assert!(fail(&x, &y, (7.0..=9.0).into()).contains("holds 0 of 5 (x runs from 1 to 5)"));
    starts(fail(&x, &y, (3.0..=2.0).into()), "window = 3 to 2");
    starts(fail(&x, &y, (f64::NAN..=2.0).into()), "window = NaN to 2");
    assert!(fail(&x, &[f64::NAN; 5], all).contains("holds 0 of 5"));
    // Outside the window a zero does no harm.
    assert!(power_law(&x, &[1.0, 0.5, 0.3, 0.2, 0.0], 1.0..=4.0).is_ok());
    let none = power_law_seeds(&x, &Array2::zeros((0, 5)), ..)
        .unwrap_err()
        .to_string();
    starts(none, "seeds = 0");

    let fit = power_law(&x, &y, ..).unwrap();
    for span in [1.0, 0.0, 6.0, f64::NAN] {
        starts(
            fit.windows(span).unwrap_err().to_string(),
            &format!("span = {span}"),
        );
    }
    assert_eq!(fit.windows(5.0).unwrap().exponents.len(), 1);
    starts(fit.broken().unwrap_err().to_string(), "points = 5");
    let short = power_law(&x[..3], &y[..3], ..).unwrap();
    starts(short.jackknife().unwrap_err().to_string(), "points = 3");
    starts(short.offset().unwrap_err().to_string(), "points = 3");

    let pair = |from: f64, to: f64| two_point(&x, &y, from, to).unwrap_err().to_string();
    assert!(pair(1.2, 3.0).starts_with("from = 1.2") && pair(1.2, 3.0).contains("nearest is 1"));
    starts(pair(1.0, 9.0), "to = 9");
    starts(pair(2.0, 2.0), "to = 2");
    starts(
        two_point(&x, &[0.0; 5], 1.0, 2.0).unwrap_err().to_string(),
        "y[0] = 0",
    );
    starts(
        two_point(&x, &y[..2], 1.0, 2.0).unwrap_err().to_string(),
        "y.len() = 2",
    );
}
