//! Gradient flow against exact solutions.

use scurve::optimizer::{Flow, Optimizer, Sgd};

#[test]
fn a_linear_flow_is_exponential() {
    // Rates over five decades, so that the fast ones are long gone while the slow ones move.
    let rates = [1e-2, 0.1, 1.0, 10.0, 100.0];
    let times = [0.0, 1e-3, 0.01, 0.1, 0.5, 1.0, 3.0, 10.0];
    for rtol in [1e-5, 1e-7, 1e-9, 1e-11] {
        let flow = Flow {
            rtol,
            atol: rtol * 1e-2,
            ..Flow::default()
        };
        let gradient = |theta: &[f64], grad: &mut [f64]| {
            grad.iter_mut()
                .zip(theta)
                .zip(rates)
                .for_each(|((g, x), k)| *g = k * x);
        };
        let path = flow.descend(gradient, &[2.0; 5], &times).unwrap();
        let mut worst = 0f64;
        for (i, t) in times.iter().enumerate() {
            for (j, k) in rates.iter().enumerate() {
                worst = worst.max((path.states[[i, j]] - 2.0 * (-k * t).exp()).abs());
            }
        }
        println!(
            "linear, rtol {rtol:e}: error {worst:.1e}, {:?}",
            path.effort
        );
        assert!(worst <= 10.0 * rtol, "rtol {rtol:e}: error {worst:e}");
    }
}

#[test]
fn the_logistic_curve_comes_out() {
    // x' = x (1 − x): ten decades of growth before the drop.
    let (start, times) = (
        1e-10,
        (0..=120).map(|i| f64::from(i) * 0.5).collect::<Vec<_>>(),
    );
    let exact = |t: f64| start / (start + (1.0 - start) * (-t).exp());
    let flow = Flow {
        rtol: 1e-10,
        atol: 1e-20,
        ..Flow::default()
    };
    let path = flow
        .integrate(|_, x, dx| dx[0] = x[0] * (1.0 - x[0]), &[start], &times)
        .unwrap();
    let errors = times
        .iter()
        .zip(path.states.column(0))
        .map(|(&t, x)| (x / exact(t) - 1.0).abs());
    let worst = errors.fold(0.0, f64::max);
    println!("logistic: relative error {worst:.1e}, {:?}", path.effort);
    assert!(worst < 1e-8, "{worst:e}");
}

#[test]
fn time_may_enter_the_field_and_the_end_is_not_passed() {
    let field = |t: f64, _: &[f64], dy: &mut [f64]| {
        assert!(t <= 3.0 * (1.0 + 1e-14), "asked for t = {t}");
        dy[0] = t.cos();
    };
    let path = Flow::default()
        .integrate(field, &[0.0], &[0.5, 1.0, 1.0, 3.0])
        .unwrap();
    for (t, y) in [0.5f64, 1.0, 1.0, 3.0].iter().zip(path.states.column(0)) {
        assert!((y - t.sin()).abs() < 1e-9);
    }
}

#[test]
fn small_steps_of_descent_follow_the_flow_to_first_order() {
    // L = ½ (1 − a b)², the scalar S-curve.
    fn gradient(x: &[f64], g: &mut [f64]) {
        let r = 1.0 - x[0] * x[1];
        (g[0], g[1]) = (-r * x[1], -r * x[0]);
    }
    let start = [0.02, 0.05];
    let path = Flow::default().descend(gradient, &start, &[4.0]).unwrap();
    let gap = |lr: f64| {
        let (mut x, mut g) = (start, [0.0; 2]);
        let mut state = Optimizer::from(Sgd::new(lr)).flat(2);
        for _ in 0..(4.0 / lr).round() as usize {
            gradient(&x, &mut g);
            state.step(&mut x, &g).unwrap();
        }
        (x[0] - path.states[[0, 0]]).abs()
    };
    let (coarse, fine) = (gap(1e-2), gap(1e-3));
    assert!(
        coarse < 0.1 && (coarse / fine - 10.0).abs() < 1.0,
        "{coarse:e}, {fine:e}"
    );
}

#[test]
fn large_states_and_long_tails_work() {
    let n = 20_000;
    let start: Vec<f64> = (0..n).map(|i| 1.0 + (i as f64).sin()).collect();
    let mut seen = 0;
    let field = |_: f64, y: &[f64], dy: &mut [f64]| dy.iter_mut().zip(y).for_each(|(d, y)| *d = -y);
    Flow::default()
        .observe(field, &start, &[0.0, 1.0, 2.0], |t, y| {
            seen += 1;
            assert!(
                y.iter()
                    .zip(&start)
                    .all(|(y, s)| (y - s * (-t).exp()).abs() < 1e-8)
            );
        })
        .unwrap();
    assert_eq!(seen, 3);

    // Long after convergence the step is bounded by stability alone. Solvers call that stiff; it has to be lived through.
    let field = |_: f64, y: &[f64], dy: &mut [f64]| (dy[0], dy[1]) = (-1000.0 * y[0], -1e-3 * y[1]);
    let path = Flow::default()
        .integrate(field, &[1.0, 1.0], &[100.0])
        .unwrap();
    println!("long tail: {:?}", path.effort);
    assert!(
        (path.states[[0, 1]] - (-0.1f64).exp()).abs() < 1e-8 && path.states[[0, 0]].abs() < 1e-8
    );
}

#[test]
fn what_does_not_move_stays() {
    let path = Flow::default()
        .descend(|_, g| g.fill(0.0), &[1.0, 2.0], &[0.0, 1.0, 1e6])
        .unwrap();
    assert!(
        path.states
            .rows()
            .into_iter()
            .all(|r| r[0] == 1.0 && r[1] == 2.0)
    );
    let nothing = Flow::default()
        .descend(|_, _| (), &[], &[0.0, 1.0])
        .unwrap();
    assert_eq!(nothing.states.dim(), (2, 0));
    assert_eq!(
        Flow::default()
            .descend(|_, _| (), &[1.0], &[])
            .unwrap()
            .states
            .dim(),
        (0, 1)
    );
}

#[test]
fn failures_say_what_to_do() {
    let fail = |flow: Flow, field: fn(f64, &[f64], &mut [f64]), start: f64, times: &[f64]| {
        flow.integrate(field, &[start], times)
            .unwrap_err()
            .to_string()
    };
    let still: fn(f64, &[f64], &mut [f64]) = |_, _, dy| dy[0] = 0.0;
    let flow = Flow::default();

    let error = fail(
        Flow {
            max_steps: 5,
            ..flow
        },
        |t, _, dy| dy[0] = (10.0 * t).sin(),
        0.0,
        &[100.0],
    );
    assert!(
        error.contains("5 steps reached t = ") && error.contains("try raising max_steps"),
        "{error}"
    );
    // y' = y²: infinite at t = 1.
    let error = fail(flow, |_, y, dy| dy[0] = y[0] * y[0], 1.0, &[2.0]);
    println!("{error}");
    assert!(
        error.contains("solver: ") && error.contains("try "),
        "{error}"
    );
    let error = fail(flow, |_, _, dy| dy[0] = f64::NAN, 1.0, &[2.0]);
    println!("{error}");
    assert!(error.contains("left the finite numbers"), "{error}");
    let error = fail(
        flow,
        |t, _, dy| dy[0] = if t > 0.5 { f64::NAN } else { 1.0 },
        1.0,
        &[2.0],
    );
    println!("{error}");
    assert!(
        error.contains("left the finite numbers") && error.contains("5.0000"),
        "{error}"
    );

    assert!(fail(flow, still, f64::NAN, &[1.0]).starts_with("start[0] = NaN"));
    assert!(fail(flow, still, 1.0, &[1.0, 0.5]).starts_with("times[1] = 0.5"));
    assert!(fail(flow, still, 1.0, &[-1.0]).starts_with("times[0] = -1"));
    assert!(fail(flow, still, 1.0, &[f64::INFINITY]).starts_with("times[0] = inf"));
    assert!(fail(Flow { rtol: 0.0, ..flow }, still, 1.0, &[1.0]).starts_with("flow.rtol = 0"));
    assert!(fail(Flow { atol: -1.0, ..flow }, still, 1.0, &[1.0]).starts_with("flow.atol = -1"));
    assert!(
        fail(
            Flow {
                max_steps: 0,
                ..flow
            },
            still,
            1.0,
            &[1.0]
        )
        .starts_with("flow.max_steps = 0")
    );
}
