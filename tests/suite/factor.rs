//! The exact factor models: gradients against differences and autodiff, runs against closed forms.

use burn::tensor::{DType, Device, Tensor, TensorData};
use ndarray::{Array2, array};
use proptest::prelude::*;
use scurve::linalg;
use scurve::model::factor::{Descent, Factors, Init, MatrixTask, Objective, Record, Softmax};
use scurve::optimizer::{Adam, Flow, Sgd};
use scurve::seed::Seed;
use scurve::trace::Schedule;

const OBJECTIVES: [Objective; 4] = [
    Objective::HalfSquared,
    Objective::Squared,
    Objective::CrossEntropy {
        softmax: Softmax::Entire,
    },
    Objective::CrossEntropy {
        softmax: Softmax::Rows,
    },
];

/// (n, target's rank, learned rank): both forms of the gradient, wide and narrow, under- and overparameterised.
const SIZES: [(usize, usize, usize); 7] = [
    (1, 1, 1),
    (7, 1, 1),
    (12, 2, 2),
    (9, 1, 3),
    (40, 3, 2),
    (20, 10, 10),
    (11, 11, 11),
];

fn task(n: usize, rank: usize, objective: Objective) -> MatrixTask {
    // Logits of a few units, so that no probability vanishes.
    let scale = (rank as f64).powf(-0.25);
    MatrixTask::gaussian(n, rank, Seed(5))
        .unwrap()
        .scaled(scale)
        .unwrap()
        .with_objective(objective)
}

fn factors(n: usize, rank: usize, seed: u64) -> Factors {
    Factors::gaussian(n, rank, 0.7, Seed(seed), "init")
}

fn relative(x: &Factors, y: &Factors) -> f64 {
    let norm = |x: &Array2<f64>| x.iter().map(|x| x * x).sum::<f64>();
    let apart = norm(&(&x.a - &y.a)) + norm(&(&x.b - &y.b));
    (apart / (norm(&y.a) + norm(&y.b))).sqrt()
}

#[test]
fn gradients_agree_with_finite_differences() {
    for objective in OBJECTIVES {
        for (n, targets, rank) in SIZES {
            let task = task(n, targets, objective).with_weight_decay(0.3).unwrap();
            let at = factors(n, rank, 1);
            let gradient = task.gradient(&at).unwrap().flatten();
            let flat = at.flatten();
            let loss = |i: usize, by: f64| {
                let mut moved = flat.clone();
                moved[i] += by;
                task.loss(&Factors::from_flat(n, rank, &moved).unwrap())
                    .unwrap()
            };
            let size = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            for i in (0..flat.len()).step_by(1 + flat.len() / 40) {
                // Fourth order: the error is the rounding of the loss over the step.
                let h = 1e-3;
                let difference = (8.0 * (loss(i, h) - loss(i, -h))
                    - (loss(i, 2.0 * h) - loss(i, -2.0 * h)))
                    / (12.0 * h);
                assert!(
                    (difference - gradient[i]).abs() < 1e-8 * (1.0 + size),
                    "{objective:?} {n} {targets} {rank}, {i}: {difference} and {}",
                    gradient[i]
                );
            }
        }
    }
}

#[test]
fn gradients_agree_with_autodiff() {
    let device = Device::flex().autodiff();
    let tensor = |x: &Array2<f64>| {
        let data = TensorData::new(
            x.iter().copied().collect::<Vec<f64>>(),
            [x.nrows(), x.ncols()],
        );
        Tensor::<2>::from_data(data, (&device, DType::F64))
    };
    let array = |x: Tensor<2>| {
        let [rows, columns] = x.dims();
        Array2::from_shape_vec((rows, columns), x.into_data().try_to_vec::<f64>().unwrap()).unwrap()
    };
    for objective in OBJECTIVES {
        for (n, targets, rank) in [(12, 2, 2), (20, 10, 10), (11, 11, 11)] {
            let task = task(n, targets, objective).with_weight_decay(0.1).unwrap();
            let at = factors(n, rank, 2);
            let target = tensor(&task.target().product());
            let (x, y) = (tensor(&at.a).require_grad(), tensor(&at.b).require_grad());
            let learned = x.clone().matmul(y.clone().transpose());
            let squared = (target.clone() - learned.clone()).square().sum();
            let divergence = |target: Tensor<2>, learned: Tensor<2>| {
                let p = burn::tensor::activation::softmax(target.clone(), 1);
                let log_p = burn::tensor::activation::log_softmax(target, 1);
                let log_q = burn::tensor::activation::log_softmax(learned, 1);
                (p * (log_p - log_q)).sum()
            };
            let fit = match objective {
                Objective::HalfSquared => squared * 0.5,
                Objective::Squared => squared,
                Objective::CrossEntropy {
                    softmax: Softmax::Rows,
                } => divergence(target, learned),
                Objective::CrossEntropy {
                    softmax: Softmax::Entire,
                } => divergence(target.reshape([1, n * n]), learned.reshape([1, n * n])),
            };
            let loss = fit + (x.clone().square().sum() + y.clone().square().sum()) * 0.05;
            let grads = loss.backward();
            let theirs = Factors::new(
                array(x.grad(&grads).unwrap()),
                array(y.grad(&grads).unwrap()),
            )
            .unwrap();
            let ours = task.gradient(&at).unwrap();
            assert!(
                relative(&ours, &theirs) < 1e-13,
                "{objective:?} {n} {rank}: {}",
                relative(&ours, &theirs)
            );
            let value = loss.into_data().try_to_vec::<f64>().unwrap()[0];
            assert!((task.loss(&at).unwrap() / value - 1.0).abs() < 1e-12);
        }
    }
}

#[test]
fn small_losses_are_right() {
    // ã = a + ε u v-like changes whose residual is known: only ã_1 moves, so A − Ã = −ε d b_1ᵀ and L = ½ ε² |d|² |b_1|².
    for rank in [1, 3, 30] {
        let task = MatrixTask::gaussian(30, rank, Seed(3)).unwrap();
        for exponent in [-10, -20, -30, -40] {
            let epsilon = 2f64.powi(exponent);
            let mut learned = task.target().clone();
            // Powers of two on whole numbers: the change is exact in f64.
            learned.a.mapv_inplace(|x| (x * 1024.0).round() / 1024.0);
            let exact = MatrixTask::new(learned.clone()).unwrap();
            learned
                .a
                .column_mut(0)
                .iter_mut()
                .for_each(|x| *x += epsilon);
            let b = exact.target().b.column(0);
            let expected = 0.5 * epsilon * epsilon * 30.0 * b.dot(&b);
            let loss = exact.loss(&learned).unwrap();
            assert!(
                (loss / expected - 1.0).abs() < 1e-11,
                "rank {rank}, 2^{exponent}: {}",
                loss / expected - 1.0
            );
        }
    }
}

#[test]
fn small_divergences_are_right() {
    // KL of two close distributions is ½ Σ P (Δ − mean)² with Δ the change of the logits.
    for softmax in [Softmax::Entire, Softmax::Rows] {
        let task = task(12, 2, Objective::CrossEntropy { softmax });
        let target = task.target().clone();
        for epsilon in [1e-3, 1e-6, 1e-9] {
            let mut learned = target.clone();
            learned
                .a
                .column_mut(0)
                .mapv_inplace(|x| x * (1.0 + epsilon));
            let (logits, change) = (target.product(), {
                let moved = &learned.a.column(0) - &target.a.column(0);
                Array2::from_shape_fn((12, 12), |(i, j)| moved[i] * target.b[[j, 0]])
            });
            let groups: Vec<Vec<(usize, usize)>> = match softmax {
                Softmax::Entire => vec![(0..144).map(|k| (k / 12, k % 12)).collect()],
                Softmax::Rows => (0..12).map(|i| (0..12).map(|j| (i, j)).collect()).collect(),
            };
            let expected: f64 = groups
                .iter()
                .map(|group| {
                    let total: f64 = group.iter().map(|at| logits[*at].exp()).sum();
                    let mean = |f: &dyn Fn(f64) -> f64| {
                        group
                            .iter()
                            .map(|at| logits[*at].exp() / total * f(change[*at]))
                            .sum::<f64>()
                    };
                    let first = mean(&|d| d);
                    0.5 * mean(&|d| (d - first).powi(2))
                })
                .sum();
            let loss = task.loss(&learned).unwrap();
            // The next order is ε relative.
            assert!(
                (loss / expected - 1.0).abs() < 10.0 * epsilon + 1e-7,
                "{softmax:?} {epsilon}: {loss} {expected}"
            );
        }
        assert!(task.loss(&target).unwrap() < 1e-60);
    }
}

#[test]
fn reduced_coordinates_are_the_same_run() {
    for (rank, decay) in [(2, 0.5), (10, 0.0)] {
        let task = MatrixTask::gaussian(100, rank, Seed(7))
            .unwrap()
            .with_weight_decay(decay)
            .unwrap();
        let start = task.start(Init::default(), Seed(7)).unwrap();
        for optimizer in [Sgd::new(2e-4), Sgd::new(2e-4).momentum(0.5)] {
            let descent = Descent::with(optimizer.into(), 2_000);
            let (short, long) = (
                task.run(&start, &descent).unwrap(),
                task.run_whole(&start, &descent).unwrap(),
            );
            assert_eq!(short.steps, long.steps);
            // Residuals agree to the rounding of the factors, so small losses agree less.
            for (x, y) in short.loss.iter().zip(&long.loss) {
                let apart = (x.sqrt() - y.sqrt()).abs();
                assert!(apart < 1e-12 * long.loss[0].sqrt(), "{x} {y}");
            }
            let cosines = (&short.a.cosine - &long.a.cosine)
                .iter()
                .fold(0.0f64, |m, d| m.max(d.abs()));
            let norms = (&short.b.norm - &long.b.norm)
                .iter()
                .fold(0.0f64, |m, d| m.max(d.abs()));
            assert!(cosines < 1e-9 && norms < 1e-8, "{cosines} {norms}");
            assert!(relative(&short.end, &long.end) < 1e-9);
        }
    }
}

#[test]
fn an_orthogonal_start_decays_algebraically() {
    // N = |ã|² = |b̃|², A orthogonal to both: dN/dt = −2N², so N = N₀ / (1 + 2 N₀ t).
    let task = MatrixTask::gaussian(50, 1, Seed(1)).unwrap();
    let start = task
        .start(Init::ZeroOverlap { scale: 1.0 }, Seed(1))
        .unwrap();
    let n0 = start.a.iter().map(|x| x * x).sum::<f64>();
    assert!((start.b.iter().map(|x| x * x).sum::<f64>() / n0 - 1.0).abs() < 1e-14);
    assert!(start.a.column(0).dot(&task.target().a.column(0)).abs() < 1e-13);
    // Up to a time at which the overlap that rounding left has not grown yet.
    let times: Vec<f64> = (0..20).map(|i| 0.01 * f64::from(i)).collect();
    let run = task
        .flow(&start, &times, &Flow::new(1e-12), &Record::default())
        .unwrap();
    for (t, norm) in times.iter().zip(run.a.norm.column(0)) {
        let expected = n0 / (1.0 + 2.0 * n0 * t);
        assert!(
            (norm * norm / expected - 1.0).abs() < 1e-9,
            "{t}: {}",
            norm * norm / expected - 1.0
        );
    }
}

#[test]
fn an_aligned_start_is_logistic() {
    // ã = s^½ â, b̃ = s^½ b̂: ds/dt = 2 s (σ − s), L = ½ (σ − s)².
    let task =
        MatrixTask::new(Factors::new(array![[2.0], [0.0]], array![[0.0], [1.5]]).unwrap()).unwrap();
    let (sigma, s0) = (3.0f64, 1e-3f64);
    let start = Factors::new(array![[s0.sqrt()], [0.0]], array![[0.0], [s0.sqrt()]]).unwrap();
    let times: Vec<f64> = (0..50).map(|i| 0.1 * f64::from(i)).collect();
    let run = task
        .flow(&start, &times, &Flow::new(1e-12), &Record::default())
        .unwrap();
    for (t, loss) in times.iter().zip(&run.loss) {
        let s = sigma / (1.0 + (sigma / s0 - 1.0) * (-2.0 * sigma * t).exp());
        let expected = 0.5 * (sigma - s).powi(2);
        assert!(
            (loss - expected).abs() < 1e-9 * (1e-3 + expected),
            "{t}: {loss} {expected}"
        );
    }
}

#[test]
fn weight_decay_ends_at_soft_thresholded_singular_values() {
    let task = MatrixTask::gaussian(30, 4, Seed(2)).unwrap();
    let sigma = task.singular_values().unwrap();
    // Two modes survive and two do not.
    let lambda = 0.5 * (sigma[1] + sigma[2]);
    let task = task.with_weight_decay(lambda).unwrap();
    let start = task.start(Init::default(), Seed(2)).unwrap();
    let run = task.run(&start, &Descent::new(2e-3, 60_000)).unwrap();
    let learned = run.end.singular_values().unwrap();
    for (s, l) in sigma.iter().zip(&learned) {
        assert!(
            ((s - lambda).max(0.0) - l).abs() < 1e-7,
            "{sigma:?} {learned:?} {lambda}"
        );
    }
    let least = task.least_loss(4).unwrap().unwrap();
    assert!(
        (run.final_loss() / least - 1.0).abs() < 1e-9,
        "{} {least}",
        run.final_loss()
    );
}

#[test]
fn flow_conserves_the_imbalance_and_decay_shrinks_it() {
    for lambda in [0.0, 0.7] {
        let task = MatrixTask::gaussian(20, 3, Seed(4))
            .unwrap()
            .with_weight_decay(lambda)
            .unwrap();
        let start = task.start(Init::default(), Seed(4)).unwrap();
        let run = task
            .flow(&start, &[0.0, 0.4], &Flow::new(1e-11), &Record::default())
            .unwrap();
        let expected = start.imbalance() * (-2.0 * lambda * 0.4f64).exp();
        let apart = (run.end.imbalance() - &expected)
            .iter()
            .fold(0.0f64, |m, d| m.max(d.abs()));
        assert!(apart < 1e-7, "λ = {lambda}: {apart}");
    }
}

#[test]
fn the_unhalved_loss_is_twice_as_fast() {
    let task = MatrixTask::gaussian(20, 2, Seed(6)).unwrap();
    let start = task.start(Init::default(), Seed(6)).unwrap();
    let half = task.run(&start, &Descent::new(2e-3, 500)).unwrap();
    let whole = task
        .with_objective(Objective::Squared)
        .run(&start, &Descent::new(1e-3, 500))
        .unwrap();
    for (x, y) in half.loss.iter().zip(&whole.loss) {
        assert!((2.0 * x - y).abs() <= 1e-9 * y, "{x} {y}");
    }
}

#[test]
fn optimizers_and_own_rules_plug_in() {
    let task = MatrixTask::gaussian(30, 2, Seed(8)).unwrap();
    let start = task.start(Init::default(), Seed(8)).unwrap();
    let adam = task
        .run(&start, &Descent::with(Adam::new(0.01).into(), 5_000))
        .unwrap();
    assert!(adam.final_loss() < 1e-6 * adam.loss[0]);
    let rule = |x: &mut [f64], g: &[f64]| x.iter_mut().zip(g).for_each(|(x, g)| *x -= 1e-3 * g);
    let own = task
        .run_with(&start, 1_000, 1e-3, &Record::default(), rule)
        .unwrap();
    let plain = task.run(&start, &Descent::new(1e-3, 1_000)).unwrap();
    assert!(relative(&own.end, &plain.end) < 1e-9);
    assert_eq!(own.time, plain.time);
}

#[test]
fn records_and_tables_have_the_shapes_that_they_say() {
    let task = MatrixTask::gaussian(20, 3, Seed(9)).unwrap();
    let start = factors(20, 2, 9);
    let record = Record {
        schedule: Schedule::Every { steps: 10 },
        vectors: 1,
        ..Record::default()
    };
    let run = task
        .run(&start, &Descent::new(1e-3, 100).recording(record.clone()))
        .unwrap();
    assert_eq!(run.steps, (0..=10).map(|i| 10 * i).collect::<Vec<_>>());
    assert_eq!(
        (run.a.norm.dim(), run.a.cosine.dim(), run.b.angles.dim()),
        ((11, 2), (11, 1, 3), (11, 2))
    );
    assert_eq!(
        (
            run.table().unwrap().height(),
            run.vectors().unwrap().height(),
            run.cosines().unwrap().height()
        ),
        (11, 44, 66)
    );
    let cosine = start.a.column(0).dot(&task.target().a.column(2));
    assert!((run.a.overlap_of(0, 2).unwrap()[0] - cosine).abs() < 1e-12);
    assert!(run.a.cosine_of(1, 0).is_none());
    let (values, _) = linalg::eigh(&start.b.t().dot(&start.b)).unwrap();
    assert!((run.b.gram_min[0] / values[0] - 1.0).abs() < 1e-12);
    let light = task
        .run(
            &start,
            &Descent::new(1e-3, 100).recording(Record::light(Schedule::Every { steps: 50 })),
        )
        .unwrap();
    assert_eq!(
        (
            light.a.cosine.dim(),
            light.a.angles.dim(),
            light.a.gram_min.len()
        ),
        ((3, 0, 3), (3, 0), 0)
    );
}

#[test]
fn divergence_and_bad_input_are_named() {
    let task = MatrixTask::gaussian(20, 2, Seed(0)).unwrap();
    let start = task.start(Init::default(), Seed(0)).unwrap();
    let error = task
        .run(&start, &Descent::new(10.0, 100))
        .unwrap_err()
        .to_string();
    assert!(error.contains("diverged at step"), "{error}");
    assert!(
        MatrixTask::gaussian(0, 1, Seed(0))
            .unwrap_err()
            .to_string()
            .contains('n')
    );
    assert!(
        MatrixTask::gaussian(5, 0, Seed(0))
            .unwrap_err()
            .to_string()
            .contains("rank")
    );
    assert!(task.clone().with_weight_decay(-1.0).is_err() && task.clone().scaled(0.0).is_err());
    assert!(
        task.loss(&factors(21, 2, 0))
            .unwrap_err()
            .to_string()
            .contains("n = 20")
    );
    assert!(
        task.start(
            Init::Aligned {
                cosine: 2.0,
                scale: 1.0
            },
            Seed(0)
        )
        .is_err()
    );
    let full = MatrixTask::gaussian(3, 3, Seed(0)).unwrap();
    assert!(
        full.start(Init::ZeroOverlap { scale: 1.0 }, Seed(0))
            .is_err()
    );
    assert!(Factors::new(array![[f64::NAN]], array![[1.0]]).is_err());
    assert!(Factors::new(array![[1.0]], array![[1.0, 2.0]]).is_err());
}

#[test]
fn starts_are_what_they_say() {
    let task = MatrixTask::gaussian(60, 2, Seed(1)).unwrap();
    let target = task.target();
    let norm = |x: &Array2<f64>, k: usize| x.column(k).dot(&x.column(k)).sqrt();
    let cosine = |x: &Array2<f64>, y: &Array2<f64>, k: usize| {
        x.column(k).dot(&y.column(k)) / norm(x, k) / norm(y, k)
    };
    let aligned = task
        .start(
            Init::Aligned {
                cosine: 0.8,
                scale: 0.5,
            },
            Seed(1),
        )
        .unwrap();
    let unbalanced = task
        .start(Init::Unbalanced { ratio: 10.0 }, Seed(1))
        .unwrap();
    for k in 0..2 {
        assert!((cosine(&aligned.a, &target.a, k) - 0.8).abs() < 1e-13);
        assert!((cosine(&aligned.b, &target.b, k) - 0.8).abs() < 1e-13);
        assert!((norm(&aligned.a, k) / norm(&target.a, k) - 0.5).abs() < 1e-13);
        assert!((norm(&unbalanced.a, k) / norm(&target.a, k) - 10.0).abs() < 1e-12);
        assert!((norm(&unbalanced.b, k) / norm(&target.b, k) - 0.1).abs() < 1e-12);
    }
    let zero = task
        .start(Init::ZeroOverlap { scale: 1.0 }, Seed(1))
        .unwrap();
    assert!(zero.a.t().dot(&target.a).iter().all(|x| x.abs() < 1e-12));
    let small = task.start(Init::small(), Seed(1)).unwrap();
    assert!((norm(&small.a, 0) / norm(&target.a, 0) - 1e-3).abs() < 3e-4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// ãR, b̃R for an orthogonal R, and ãD, b̃D⁻¹ for a diagonal D, give the same product: the same loss; sign flips are among them.
    #[test]
    fn the_loss_depends_on_the_product_alone(seed in 0u64..1000, rank in 1usize..6, objective in 0usize..4, scale in 0.5f64..2.0) {
        let task = task(14, rank, OBJECTIVES[objective]);
        let at = factors(14, rank, seed);
        let (rotation, _) = linalg::qr(&Seed(seed).normal("data", rank, rank)).unwrap();
        let rotated = Factors::new(at.a.dot(&rotation), at.b.dot(&rotation)).unwrap();
        let stretched = Factors::new(&at.a * -scale, &at.b / -scale).unwrap();
        let loss = task.loss(&at).unwrap();
        prop_assert!((task.loss(&rotated).unwrap() / loss - 1.0).abs() < 1e-11);
        prop_assert!((task.loss(&stretched).unwrap() / loss - 1.0).abs() < 1e-11);
        // And the gradient turns along.
        let (g, h) = (task.gradient(&at).unwrap(), task.gradient(&rotated).unwrap());
        let turned = Factors::new(g.a.dot(&rotation), g.b.dot(&rotation)).unwrap();
        prop_assert!(relative(&h, &turned) < 1e-11);
    }

    /// Gradient descent with a small step never raises the loss.
    #[test]
    fn small_steps_descend(seed in 0u64..1000, rank in 1usize..5, objective in 0usize..4) {
        let task = task(10, rank, OBJECTIVES[objective]);
        let start = factors(10, rank, seed);
        let record = Record::light(Schedule::Every { steps: 1 });
        let run = task.run(&start, &Descent::new(1e-3, 200).recording(record)).unwrap();
        prop_assert!(run.loss.windows(2).all(|w| w[1] <= w[0] * (1.0 + 1e-13)));
    }
}
