//! Domino, Quanta and correlated skills, and the limits that connect the models.

use scurve::prelude::*;

fn grid(n: usize, end: f64) -> Vec<f64> {
    (0..n).map(|k| end * k as f64 / (n - 1) as f64).collect()
}

fn farthest(a: &ResourceTrajectory, b: &ResourceTrajectory) -> f64 {
    let pairs = a.unskill.iter().zip(&b.unskill);
    pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

#[test]
fn domino_is_equation_6_counted_from_0() {
    let run = Domino::new(3, 2.0)
        .unwrap()
        .at(&[0.0, 1.0, 2.0, 5.0, 9.0])
        .unwrap();
    let expected = ndarray::array![
        [0.0, 0.0, 0.0],
        [0.5, 0.0, 0.0],
        [1.0, 0.0, 0.0],
        [1.0, 1.0, 0.5],
        [1.0, 1.0, 1.0]
    ];
    assert_eq!(run.skills(), expected);
    let sampled = Domino::new(10, 100.0)
        .unwrap()
        .at(&grid(4001, 1000.0))
        .unwrap()
        .learning_times(0.9);
    for (n, t) in sampled.iter().enumerate() {
        assert!((t - Domino::new(10, 100.0).unwrap().learning_time(n, 0.9)).abs() < 1e-9);
    }
}

#[test]
fn domino_is_the_steep_limit_without_waste() {
    // The distance falls with the ratio of neighbouring frequencies, in both norms.
    let domino = Domino::new(5, 10.0).unwrap().at(&grid(500, 60.0)).unwrap();
    for norm in [Norm::L1, Norm::L2] {
        let distance = |base: f64| {
            let p = Frequencies::exponential(5, base).unwrap();
            let run = Resource::new(p, 0.1)
                .unwrap()
                .with_norm(norm)
                .exact(&domino.time)
                .unwrap();
            farthest(&run, &domino)
        };
        let at: Vec<f64> = [1e1, 1e2, 1e3, 1e4].map(distance).to_vec();
        assert!(at.windows(2).all(|w| w[1] < 0.5 * w[0]), "{norm:?} {at:?}");
        assert!(at[3] < 5e-3, "{norm:?} {at:?}");
    }
}

#[test]
fn quanta_is_the_limit_of_much_waste() {
    // At the same η p t / N₀ the distance is of order 1/N₀.
    let p = Frequencies::power_law(6, 1.5).unwrap();
    for norm in [Norm::L1, Norm::L2] {
        let distance = |waste: f64| {
            let times = grid(200, 50.0 * waste / 0.1);
            let run = Resource::new(p.clone(), 0.1)
                .unwrap()
                .with_norm(norm)
                .with_waste(waste)
                .unwrap()
                .exact(&times)
                .unwrap();
            farthest(
                &run,
                &Quanta::of_resource(p.clone(), 0.1, waste)
                    .unwrap()
                    .at(&times)
                    .unwrap(),
            )
        };
        let order = (distance(1e2) / distance(1e3)).log10();
        // √(S² + N₀²) ≈ N₀ + S²/2N₀: the L2 form comes nearer at order 2.
        let expected = if norm == Norm::L1 { 1.0 } else { 2.0 };
        assert!((order - expected).abs() < 0.05, "{norm:?} {order}");
    }
}

#[test]
fn quanta_times_are_inverse_frequencies() {
    let p = Frequencies::power_law(8, 2.0).unwrap();
    let quanta = Quanta::new(p, 3.0).unwrap();
    for n in 0..8 {
        let ratio = quanta.learning_time(n, 0.5).unwrap() / quanta.learning_time(0, 0.5).unwrap();
        assert!((ratio - ((n + 1) as f64).powi(2)).abs() < 1e-10);
        let u = quanta
            .at(&[quanta.learning_time(n, 0.9).unwrap()])
            .unwrap()
            .unskill[[0, n]];
        assert!((u - 0.1).abs() < 1e-14);
    }
    // Σ over unlearned skills of a long tail: the exponents of §3.1, with the right labels.
    assert_eq!(
        (Domino::step_exponent(1.5), Quanta::step_exponent(2.0)),
        (0.5, 0.5)
    );
}

#[test]
fn identity_correlation_is_the_resource_model() {
    let p = Frequencies::power_law(5, 2.0).unwrap();
    let times = grid(40, 300.0);
    for norm in [Norm::L1, Norm::L2] {
        let free = Resource::new(p.clone(), 0.01)
            .unwrap()
            .with_waste(0.05)
            .unwrap()
            .with_norm(norm);
        let model = CorrelatedResource::new(p.clone(), Array2::eye(5), 0.01)
            .unwrap()
            .with_waste(0.05)
            .unwrap()
            .with_norm(norm);
        assert!(
            farthest(
                &free.exact(&times).unwrap(),
                &model.ode(&times, &Flow::new(1e-12)).unwrap()
            ) < 1e-10
        );
        let method = Euler::new(200).clipped(false);
        assert!(
            farthest(
                &free.euler(&method).unwrap(),
                &model.euler(&method).unwrap()
            ) < 1e-13
        );
    }
}

#[test]
fn one_correlated_skill_of_the_cross_entropy_has_a_closed_form() {
    // One skill, p = 1: ds/dt = η u/(u + N₀) with u = σ(−s), so s + N₀(s + e^s − 1) = η t.
    let one =
        CorrelatedResource::new(Frequencies::uniform(1).unwrap(), Array2::eye(1), 0.3).unwrap();
    let model = one
        .with_waste(0.2)
        .unwrap()
        .with_loss(SkillLoss::CrossEntropy);
    let run = model.ode(&[1.0, 5.0, 20.0], &Flow::new(1e-12)).unwrap();
    for (t, sigma) in run.time.iter().zip(run.skills().column(0)) {
        let s = (sigma / (1.0 - sigma)).ln();
        let back = (s + 0.2 * (s + s.exp() - 1.0)) / 0.3;
        assert!((back - t).abs() < 1e-8 * t, "{back} {t}");
    }
}

#[test]
fn opposed_skills_are_unlearned_and_learned_again() {
    let c = ndarray::array![[1.0, -0.6], [-0.6, 1.0]];
    for loss in [SkillLoss::SquaredError, SkillLoss::CrossEntropy] {
        let model =
            CorrelatedResource::new(Frequencies::new(vec![0.9, 0.1]).unwrap(), c.clone(), 0.01)
                .unwrap();
        let model = model.with_waste(0.05).unwrap().with_loss(loss);
        let skills = model
            .ode(&grid(300, 6000.0), &Flow::default())
            .unwrap()
            .skills();
        let rare = skills.column(1);
        let least = rare.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(
            least < rare[0] - 0.05 && rare[299] > rare[0] + 0.2,
            "{loss:?} {least} {}",
            rare[299]
        );
        let euler = model.euler(&Euler::new(6000).clipped(false)).unwrap();
        let (at, exact) = (euler.skills()[[5999, 1]], rare[299]);
        assert!((at - exact).abs() < 5e-3, "{at} {exact}");
    }
}

#[test]
fn bad_input_is_refused_by_name() {
    let p = || Frequencies::uniform(2).unwrap();
    let refused = |message: String, part: &str| assert!(message.contains(part), "{message}");
    let why = |c: Array2<f64>| {
        CorrelatedResource::new(p(), c, 1.0)
            .unwrap_err()
            .to_string()
    };
    refused(why(Array2::eye(3)), "correlation = 3 × 3");
    refused(
        why(ndarray::array![[1.0, 0.5], [0.4, 1.0]]),
        "correlation[0, 1] = 0.5",
    );
    refused(
        why(ndarray::array![[1.0, f64::NAN], [0.4, 1.0]]),
        "correlation[0, 1] = NaN",
    );
    let model = || CorrelatedResource::new(p(), Array2::eye(2), 1.0).unwrap();
    refused(
        model().with_waste(-1.0).unwrap_err().to_string(),
        "waste (N₀) = -1",
    );
    refused(
        model().with_levels(&[0.0]).unwrap_err().to_string(),
        "levels = [0.0]",
    );
    refused(
        model().euler(&Euler::new(1)).unwrap_err().to_string(),
        "clip = true",
    );
    refused(Domino::new(0, 1.0).unwrap_err().to_string(), "n_task = 0");
    refused(Domino::new(1, 0.0).unwrap_err().to_string(), "t0 = 0");
    refused(
        Quanta::new(p(), f64::NAN).unwrap_err().to_string(),
        "tau = NaN",
    );
    refused(
        Quanta::of_resource(p(), 1.0, 0.0).unwrap_err().to_string(),
        "tau = 0",
    );
    refused(
        Quanta::new(p(), 1.0)
            .unwrap()
            .learning_time(2, 0.5)
            .unwrap_err()
            .to_string(),
        "n = 2",
    );
    refused(
        Quanta::new(p(), 1.0)
            .unwrap()
            .learning_time(1, 1.0)
            .unwrap_err()
            .to_string(),
        "level = 1",
    );
    refused(
        modularity::divided(5, 4, 1.0).unwrap_err().to_string(),
        "n_dim = 4",
    );
    refused(
        modularity::shared(0, 4, 1.0).unwrap_err().to_string(),
        "n_task = 0",
    );
}

#[test]
fn divided_dimensions_learn_sqrt_n_task_times_faster() {
    // Against the Resource model itself: skills of steep frequency share η_eff = k √n_dim, or have k √(n_dim / n_task) each.
    let (n_task, n_dim) = (6, 600);
    let c = 1.0 / effective_rate::gaussian_vectors(1e-3, 1);
    let eta = effective_rate::gaussian_vectors(1e-3, n_dim);
    let all = Resource::new(Frequencies::exponential(n_task, 1e3).unwrap(), eta).unwrap();
    let shared = all.time_to(0.0).unwrap().total();
    assert!((shared / modularity::shared(n_task, n_dim, c).unwrap() - 1.0).abs() < 1e-12);
    let own = effective_rate::gaussian_vectors(1e-3, n_dim / n_task);
    let alone = Resource::new(Frequencies::uniform(1).unwrap(), own)
        .unwrap()
        .time_to(0.0)
        .unwrap()
        .total();
    assert!((alone / modularity::divided(n_task, n_dim, c).unwrap() - 1.0).abs() < 1e-12);
}
