//! The Geometry model: gradients against differences, runs against closed forms and plain loops.

use ndarray::{Array1, Array2, array};
use scurve::error::Error;
use scurve::linalg;
use scurve::model::skill::{
    Geometry, GradientForm, SkillDescent, SkillLoss, SkillTrajectory, TaskVectors,
};
use scurve::optimizer::{AdEMAMix, Adam, Lion, Optimizer, Sgd, SignGd};
use scurve::seed::Seed;
use scurve::stats;
use scurve::task::Frequencies;
use scurve::trace::Schedule;

/// A model of any kind, all of it from one number.
fn random_model(i: u64) -> Geometry {
    let n_task = 1 + (i % 7) as usize;
    let n_dim = n_task + (i / 7 % 11) as usize;
    let seed = Seed(i);
    let vectors = match i % 5 {
        0 => TaskVectors::gaussian(n_task, n_dim, seed),
        1 => TaskVectors::unit(n_task + 3, n_dim, seed),
        2 => TaskVectors::orthonormal(n_task, n_dim, seed),
        3 => TaskVectors::one_hot(n_task + 2, n_dim),
        _ => TaskVectors::new(seed.normal("data", n_task, n_dim) * 3.0),
    }
    .unwrap();
    let alpha = (i % 4) as f64;
    let p = Frequencies::power_law(vectors.n_task(), alpha).unwrap();
    let model = Geometry::new(vectors, p).unwrap();
    match i % 3 {
        0 => model,
        1 => model.with_gradient(GradientForm::Half),
        _ => model.with_loss(SkillLoss::CrossEntropy),
    }
}

#[test]
fn gradients_agree_with_differences_over_many_models() {
    let mut worst = 0.0f64;
    for i in 0..1500 {
        let model = random_model(i);
        let theta = Seed(i).normal("init", 1, model.n_dim()).row(0).to_owned() * 2.0;
        let gradient = model.gradient(&theta).unwrap();
        let factor = if i % 3 == 1 { 0.5 } else { 1.0 };
        let h = 1e-3;
        let differences = Array1::from_shape_fn(model.n_dim(), |j| {
            let loss = |by: f64| {
                let mut moved = theta.clone();
                moved[j] += by;
                model.loss(&moved).unwrap()
            };
            factor * (8.0 * (loss(h) - loss(-h)) - (loss(2.0 * h) - loss(-2.0 * h))) / (12.0 * h)
        });
        let norm = |x: &Array1<f64>| x.dot(x).sqrt();
        worst = worst.max(norm(&(&differences - &gradient)) / norm(&gradient).max(1e-3));
    }
    assert!(worst < 1e-6, "{worst}");
}

/// The same model by a loop that allocates, for one gradient after the other.
fn plain_loop(model: &Geometry, optimizer: Optimizer, steps: usize) -> (Array2<f64>, Array1<f64>) {
    let mut theta = Array1::zeros(model.n_dim());
    let mut state = optimizer.flat(model.n_dim());
    let mut skills = Array2::zeros((steps + 1, model.n_task()));
    for step in 0..=steps {
        skills.row_mut(step).assign(&model.skills(&theta).unwrap());
        if step < steps {
            let gradient = model.gradient(&theta).unwrap().to_vec();
            let mut moved = theta.to_vec();
            state.step(&mut moved, &gradient).unwrap();
            theta = moved.into();
        }
    }
    (skills, theta)
}

fn largest(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    (x - y).iter().fold(0.0, |m, x| m.max(x.abs()))
}

#[test]
fn runs_agree_with_a_plain_loop() {
    let rules: [Optimizer; 4] = [
        Sgd::new(1e-3).momentum(0.9).into(),
        Adam::new(0.01).into(),
        AdEMAMix::new(0.01).into(),
        // ‖t‖² comes to 150 in some.
        Sgd::new(2e-3).into(),
    ];
    for i in 0..60 {
        let model = random_model(i);
        for rule in rules {
            let run = model.run(&SkillDescent::new(rule, 60), Seed(0)).unwrap();
            let (skills, theta) = plain_loop(&model, rule, 60);
            assert!(largest(&run.skills, &skills) < 1e-11, "{i} {rule}");
            assert!((&run.theta - &theta).iter().all(|x| x.abs() < 1e-11));
            let loss = model.loss(&theta).unwrap();
            assert!((run.final_loss() - loss).abs() < 1e-11);
            assert_eq!(run.steps, (0..=60).collect::<Vec<_>>());
        }
    }
}

#[test]
fn sgd_on_orthonormal_tasks_is_its_closed_form() {
    let p = Frequencies::power_law(10, 1.0).unwrap();
    let eta = 0.3;
    for (form, rate) in [(GradientForm::True, 2.0), (GradientForm::Half, 1.0)] {
        for n_dim in [10, 37, 1000] {
            let vectors = TaskVectors::orthonormal(10, n_dim, Seed(4)).unwrap();
            let model = Geometry::new(vectors, p.clone())
                .unwrap()
                .with_gradient(form);
            let run = model
                .run(&SkillDescent::new(Sgd::new(eta), 500), Seed(0))
                .unwrap();
            let exact = Array2::from_shape_fn((501, 10), |(t, i)| {
                1.0 - (1.0 - rate * eta * p[i]).powi(t as i32)
            });
            assert!(largest(&run.skills, &exact) < 1e-12, "{form:?}, {n_dim}");
        }
    }
}

/// For batches the closed form holds in the mean, as n_i is independent of θ; with noise σ in the gradient, the variance is
/// η²σ² Σ_k (1 − 2ηp)^{2k}.
#[test]
fn batches_and_noise_have_the_right_mean_and_variance() {
    let vectors = TaskVectors::orthonormal(4, 24, Seed(1)).unwrap();
    let p = Frequencies::power_law(4, 1.0).unwrap();
    let exact = Geometry::new(vectors, p.clone()).unwrap();
    let (eta, steps, sigma) = (0.2, 30, 0.5);
    let descent = SkillDescent::new(Sgd::new(eta), steps);
    let ends = |model: &Geometry| -> Vec<Vec<f64>> {
        let runs = (0..3000).map(|seed| {
            let run = model.run(&descent, Seed(seed)).unwrap();
            run.skills.row(steps).to_vec()
        });
        let runs: Vec<Vec<f64>> = runs.collect();
        (0..4)
            .map(|i| runs.iter().map(|r| r[i]).collect())
            .collect()
    };
    let batch = ends(&exact.clone().with_batch(3));
    let noise = ends(&exact.clone().with_noise(sigma));
    for i in 0..4 {
        let keep = 1.0 - 2.0 * eta * p[i];
        let mean = 1.0 - keep.powi(steps as i32);
        for values in [&batch[i], &noise[i]] {
            let found = stats::mean(values);
            let error = (found.high - found.low) / 4.0;
            assert!((found.value - mean).abs() < 5.0 * error, "{i}: {found:?}");
        }
        let variance =
            (eta * sigma).powi(2) * (1.0 - keep.powi(2 * steps as i32)) / (1.0 - keep * keep);
        let found = noise[i].iter().map(|s| (s - mean).powi(2)).sum::<f64>() / 3000.0;
        // The standard error of a variance is its √(2/n).
        assert!((found / variance - 1.0).abs() < 5.0 * (2.0f64 / 3000.0).sqrt());
    }
}

#[test]
fn rotations_leave_sgd_and_change_sign_descent() {
    let n = 24;
    let vectors = TaskVectors::unit(8, n, Seed(2)).unwrap();
    let rotation = linalg::qr(&Seed(9).normal("data", n, n)).unwrap().0;
    let rotated = vectors.rotated(&rotation).unwrap();
    let skills = |vectors: &TaskVectors, rule: Optimizer| {
        Geometry::new(vectors.clone(), Frequencies::power_law(8, 1.0).unwrap())
            .unwrap()
            .with_batch(32)
            .run(&SkillDescent::new(rule, 400), Seed(5))
            .unwrap()
            .skills
    };
    let sgd = Sgd::new(0.1).into();
    assert!(largest(&skills(&vectors, sgd), &skills(&rotated, sgd)) < 1e-12);
    let sign = SignGd::adam(1e-3).into();
    assert!(largest(&skills(&vectors, sign), &skills(&rotated, sign)) > 1e-3);
}

#[test]
fn runs_together_are_the_runs_alone() {
    for (n_task, n_dim) in [(3, 5), (40, 32), (300, 260)] {
        let vectors = TaskVectors::unit(n_task, n_dim, Seed(3)).unwrap();
        let model = |alpha| {
            Geometry::new(
                vectors.clone(),
                Frequencies::power_law(n_task, alpha).unwrap(),
            )
            .unwrap()
        };
        let models = [
            model(0.5).with_loss(SkillLoss::CrossEntropy).with_batch(64),
            model(1.0).with_batch(128).with_noise(0.1),
            model(2.0),
            model(2.0).with_gradient(GradientForm::Half).with_batch(16),
        ];
        let descents = [
            SkillDescent::new(Adam::new(0.01), 90).with_alignment(),
            SkillDescent::new(SignGd::adam(1e-3), 120),
            SkillDescent::new(Sgd::new(0.1), 30).recording(Schedule::LogSpaced { per_decade: 3 }),
            SkillDescent::new(Lion::new(1e-3), 64).weighting_by_loss(20),
        ];
        let together = Geometry::run_together(&models, &descents, Seed(8)).unwrap();
        for ((model, descent), run) in models.iter().zip(&descents).zip(&together) {
            assert_eq!(*run, model.run(descent, Seed(8)).unwrap());
        }
    }
    assert_eq!(Geometry::run_together(&[], &[], Seed(0)).unwrap(), []);
}

#[test]
fn alignment_has_both_definitions() {
    let model = random_model(2).with_batch(50);
    let run = |model: &Geometry, steps| {
        model
            .run(
                &SkillDescent::new(SignGd::new(1e-2), steps).with_alignment(),
                Seed(0),
            )
            .unwrap()
    };
    let alignment = run(&model, 100).alignment.unwrap();
    let n = model.n_dim() as f64;
    assert!(
        (&alignment.agreeing * 2.0 - n - &alignment.signed)
            .iter()
            .all(|x| *x == 0.0)
    );
    // t₁ = e₁ and t₂ = e₂: each agrees in its one coordinate, and the zeros are in neither.
    let hot = Geometry::new(
        TaskVectors::one_hot(2, 4).unwrap(),
        Frequencies::uniform(2).unwrap(),
    )
    .unwrap();
    let alignment = run(&hot, 1).alignment.unwrap();
    assert_eq!(alignment.signed, array![[1.0, 1.0], [1.0, 1.0]]);
    assert_eq!(alignment.agreeing, array![[1.0, 1.0], [1.0, 1.0]]);
    // By hand: −g is along (.6, −.2), t₂ agrees in one coordinate and differs in the other.
    let two = TaskVectors::new(array![[1.0, -1.0], [0.5, 0.9]]).unwrap();
    let model = Geometry::new(two, Frequencies::new(vec![0.8, 0.2]).unwrap()).unwrap();
    let alignment = run(&model, 1).alignment.unwrap();
    assert_eq!(alignment.signed.row(0), array![2.0, 0.0]);
    assert_eq!(alignment.agreeing.row(0), array![2.0, 1.0]);
}

/// Weighting by the loss multiplies each skill's slope: for the squared error du/dt ∝ u³ in place of u.
#[test]
fn weighting_by_loss_cubes_the_error() {
    let p = [0.75, 0.25];
    let model = Geometry::new(
        TaskVectors::one_hot(2, 2).unwrap(),
        Frequencies::new(p.to_vec()).unwrap(),
    )
    .unwrap();
    let descent = SkillDescent::new(Sgd::new(0.1), 40).weighting_by_loss(25);
    let run = model.run(&descent, Seed(0)).unwrap();
    for (i, p) in p.iter().enumerate() {
        let mut u = 1.0f64;
        for step in 0..=40 {
            assert!((run.skills[[step, i]] - (1.0 - u)).abs() < 1e-13);
            u -= 0.2 * p * if step < 25 { u.powi(3) } else { u };
        }
    }
}

#[test]
fn task_vectors_are_what_they_are_called() {
    let unit = TaskVectors::unit(30, 200, Seed(0)).unwrap().correlation();
    assert!(unit.diag().iter().all(|x| (x - 1.0).abs() < 1e-14));
    let gaussian = TaskVectors::gaussian(300, 200, Seed(0)).unwrap();
    let squares: Vec<f64> = gaussian.correlation().diag().to_vec();
    // ‖t‖² has mean 1 and variance 2/n_dim.
    let mean = squares.iter().sum::<f64>() / 300.0;
    assert!((mean - 1.0).abs() < 5.0 * (0.01f64 / 300.0).sqrt());
    for (n_task, n_dim) in [(1, 1), (2, 1000), (50, 50)] {
        let t = TaskVectors::orthonormal(n_task, n_dim, Seed(1)).unwrap();
        assert!(largest(&t.correlation(), &Array2::eye(n_task)) < 1e-13);
    }
    let hot = TaskVectors::one_hot(3, 2).unwrap();
    assert_eq!(*hot.matrix(), array![[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]);
}

#[test]
fn a_run_that_diverges_says_when() {
    let model = Geometry::new(
        TaskVectors::one_hot(2, 2).unwrap(),
        Frequencies::new(vec![0.75, 0.25]).unwrap(),
    )
    .unwrap();
    // 1 − s = (1 − 2ηp)^t = (−3.5)^t passes 10³ in size at step 6.
    let wild = SkillDescent::new(Sgd::new(3.0), 100);
    match model.run(&wild, Seed(0)) {
        Err(Error::Diverged { step, .. }) => assert_eq!(step, 6),
        other => panic!("{other:?}"),
    }
    let tame = SkillDescent::new(Sgd::new(0.1), 100);
    let runs = Geometry::run_together(
        &[model.clone(), model.clone()],
        &[wild, tame.clone()],
        Seed(0),
    )
    .unwrap();
    assert_eq!(runs[0].diverged, Some(6));
    let is_nan = |run: &SkillTrajectory, t: usize| {
        run.loss[t].is_nan() && run.skills.row(t).iter().all(|s| s.is_nan())
    };
    assert!(!is_nan(&runs[0], 5) && (6..=100).all(|t| is_nan(&runs[0], t)));
    assert!(runs[0].theta.iter().all(|x| x.is_nan()));
    assert_eq!(runs[1], model.run(&tame, Seed(0)).unwrap());
}

#[test]
fn bad_input_is_refused_by_name() {
    fn refused<T: std::fmt::Debug>(result: Result<T, Error>, part: &str) {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    refused(TaskVectors::orthonormal(3, 2, Seed(0)), "n_task = 3");
    refused(TaskVectors::unit(0, 2, Seed(0)), "n_task = 0");
    refused(TaskVectors::gaussian(2, 0, Seed(0)), "n_dim = 0");
    refused(
        TaskVectors::new(array![[1.0, f64::NAN]]),
        "task_vectors[0][1] = NaN",
    );
    let vectors = TaskVectors::unit(3, 5, Seed(0)).unwrap();
    refused(vectors.rotated(&Array2::eye(4)), "the columns of r = 4");
    let p = |n| Frequencies::uniform(n).unwrap();
    refused(
        Geometry::new(vectors.clone(), p(2)),
        "number of frequencies = 2",
    );
    refused(
        Geometry::new(
            vectors.clone(),
            Frequencies::weights(vec![1.0, 1.0, 1.0]).unwrap(),
        ),
        "the sum of p = 3",
    );
    let model = Geometry::new(vectors, p(3)).unwrap();
    let descent = SkillDescent::new(Sgd::new(0.1), 10);
    let run = |model: Geometry| model.run(&descent, Seed(0));
    refused(run(model.clone().with_batch(0)), "batch = 0");
    refused(run(model.clone().with_noise(-0.1)), "noise = -0.1");
    refused(run(model.clone().with_noise(f64::NAN)), "noise = NaN");
    refused(
        run(model
            .clone()
            .with_loss(SkillLoss::CrossEntropy)
            .with_gradient(GradientForm::Half)),
        "gradient = half",
    );
    refused(
        model.run(&SkillDescent::new(Sgd::new(-0.1), 10), Seed(0)),
        "optimizer.lr",
    );
    refused(
        model.run(&SkillDescent::new(Sgd::new(0.1), 0), Seed(0)),
        "steps = 0",
    );
    refused(model.loss(&Array1::zeros(4)), "the length of theta = 4");
    let other = Geometry::new(TaskVectors::unit(3, 5, Seed(1)).unwrap(), p(3)).unwrap();
    refused(
        Geometry::run_together(
            &[model.clone(), other],
            &[descent.clone(), descent.clone()],
            Seed(0),
        ),
        "models[1].vectors",
    );
    refused(
        Geometry::run_together(&[model], &[], Seed(0)),
        "number of descents = 0",
    );
}

/// SignGD as `torch.optim.Adam(lr=0.05, betas=(0, 0))`, PyTorch 2.9 in f64 with autograd, on the loss of the twelve batches of six that seed 5
/// draws: the counts (5, 1, 0), (4, 1, 1), (2, 2, 2), (3, 2, 1), (2, 2, 2), (4, 1, 1), (4, 1, 1), (4, 2, 0), (5, 0, 1), (2, 2, 2), (5, 1, 0), (3, 2, 1).
#[test]
fn sign_descent_is_that_of_pytorch() {
    let vectors = TaskVectors::new(array![
        [1.0, -0.5, 0.25, 0.0],
        [0.5, 0.75, -1.0, 0.125],
        [-0.25, 0.5, 0.5, 1.0]
    ])
    .unwrap();
    let p = Frequencies::new(vec![0.5, 0.3, 0.2]).unwrap();
    let model = Geometry::new(vectors, p).unwrap().with_batch(6);
    let cases = [
        (
            SkillLoss::SquaredError,
            [
                0.5999999932007993,
                -1.3598526853175752e-08,
                -0.09999998455875714,
                0.599999951092338,
            ],
            0.24500002054135978,
        ),
        (
            SkillLoss::CrossEntropy,
            [
                0.599999977635971,
                -0.09999996095507713,
                -2.0410033633316838e-07,
                0.5999998282786954,
            ],
            0.47893730193614303,
        ),
    ];
    for (loss, theta, end) in cases {
        let run = model
            .clone()
            .with_loss(loss)
            .run(&SkillDescent::new(SignGd::adam(0.05), 12), Seed(5))
            .unwrap();
        let apart = |(x, y): (&f64, &f64)| (x - y).abs();
        assert!(
            run.theta.iter().zip(&theta).map(apart).all(|d| d < 1e-12),
            "{}",
            run.theta
        );
        assert!((run.final_loss() - end).abs() < 1e-12);
    }
}
