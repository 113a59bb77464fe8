//! Kronecker products (the attention head) and single components.

use burn::tensor::{DType, Device, Tensor, TensorData};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use scurve::linalg;
use scurve::model::factor::{
    Descent, Factors, Init, Kronecker, Link, MatrixTask, Objective, Output, Record, SingleComponent,
};
use scurve::optimizer::{Adam, Flow};
use scurve::seed::Seed;
use scurve::trace::Schedule;

fn head(n: usize, rank: usize, parts: usize, softmax: bool) -> Kronecker {
    let head = Kronecker::gaussian(n, rank, parts, Seed(3)).unwrap();
    if softmax {
        head.with_link(0, Link::Softmax).unwrap()
    } else {
        head
    }
}

fn matrix(part: &Factors, link: Link) -> Array2<f64> {
    let mut m = part.product();
    if link == Link::Softmax {
        for mut row in m.rows_mut() {
            row.mapv_inplace(f64::exp);
            let sum = row.sum();
            row /= sum;
        }
    }
    m
}

/// The loss with the Kronecker product written out.
fn dense_loss(head: &Kronecker, learned: &[Factors]) -> f64 {
    let whole = |parts: &[Factors]| {
        let matrices = parts
            .iter()
            .zip(head.links())
            .map(|(part, link)| matrix(part, *link));
        matrices
            .reduce(|x, y| ndarray::linalg::kron(&x, &y))
            .unwrap()
    };
    (whole(head.targets()) - whole(learned))
        .iter()
        .map(|x| x * x)
        .sum()
}

#[test]
fn the_loss_by_traces_is_that_of_the_product() {
    for softmax in [false, true] {
        for parts in 1..=4 {
            let head = head(3, 2, parts, softmax);
            let at = head.start(Init::default(), Seed(1)).unwrap();
            let ratio = head.loss(&at).unwrap() / dense_loss(&head, &at);
            assert!((ratio - 1.0).abs() < 1e-13, "{parts} {softmax}: {ratio}");
        }
    }
}

#[test]
fn head_gradients_agree_with_finite_differences() {
    for softmax in [false, true] {
        for parts in 1..=4 {
            let head = head(6, 2, parts, softmax);
            let at = head.start(Init::Gaussian { scale: 0.8 }, Seed(2)).unwrap();
            let gradient = head.gradient(&at).unwrap();
            let size = gradient
                .iter()
                .flat_map(Factors::flatten)
                .map(|g| g * g)
                .sum::<f64>()
                .sqrt();
            for (s, part) in gradient.iter().enumerate() {
                let (flat, expected) = (at[s].flatten(), part.flatten());
                for i in 0..flat.len() {
                    let loss = |by: f64| {
                        let (mut moved, mut all) = (flat.clone(), at.clone());
                        moved[i] += by;
                        all[s] = Factors::from_flat(6, 2, &moved).unwrap();
                        head.loss(&all).unwrap()
                    };
                    let h = 1e-3;
                    let difference = (8.0 * (loss(h) - loss(-h))
                        - (loss(2.0 * h) - loss(-2.0 * h)))
                        / (12.0 * h);
                    assert!(
                        (difference - expected[i]).abs() < 1e-8 * size,
                        "{parts} {softmax}: {difference} {}",
                        expected[i]
                    );
                }
            }
        }
    }
}

#[test]
fn head_gradients_agree_with_autodiff() {
    let device = Device::flex().autodiff();
    let tensor = |x: &Array2<f64>| {
        let data = TensorData::new(
            x.iter().copied().collect::<Vec<f64>>(),
            [x.nrows(), x.ncols()],
        );
        Tensor::<2>::from_data(data, (&device, DType::F64))
    };
    for softmax in [false, true] {
        let n = 5;
        let head = head(n, 2, 2, softmax);
        let at = head.start(Init::default(), Seed(4)).unwrap();
        // H_(ik)(jl) = M_ij N_kl as an outer product of lists: the order of entries does not matter to a norm.
        let list = |m: Tensor<2>| m.reshape([n * n, 1]);
        let target: Vec<_> = head
            .targets()
            .iter()
            .zip(head.links())
            .map(|(t, l)| list(tensor(&matrix(t, *l))))
            .collect();
        let inputs: Vec<_> = at
            .iter()
            .map(|f| (tensor(&f.a).require_grad(), tensor(&f.b).require_grad()))
            .collect();
        let learned: Vec<_> = inputs
            .iter()
            .zip(head.links())
            .map(|((a, b), link)| {
                let m = a.clone().matmul(b.clone().transpose());
                list(if *link == Link::Softmax {
                    burn::tensor::activation::softmax(m, 1)
                } else {
                    m
                })
            })
            .collect();
        let outer = |x: &[Tensor<2>]| x[0].clone().matmul(x[1].clone().transpose());
        let grads = (outer(&target) - outer(&learned)).square().sum().backward();
        for ((a, b), ours) in inputs.iter().zip(head.gradient(&at).unwrap()) {
            for (x, ours) in [(a, ours.a), (b, ours.b)] {
                let theirs = x
                    .grad(&grads)
                    .unwrap()
                    .into_data()
                    .try_to_vec::<f64>()
                    .unwrap();
                let size = theirs.iter().map(|x| x * x).sum::<f64>().sqrt();
                assert!(
                    ours.iter()
                        .zip(&theirs)
                        .all(|(x, y)| (x - y).abs() < 1e-13 * size)
                );
            }
        }
    }
}

#[test]
fn one_part_is_the_unhalved_matrix_task() {
    let target = Factors::gaussian(20, 2, 1.0, Seed(5), "data");
    let start = Factors::gaussian(20, 2, 1.0, Seed(5), "init");
    let head = Kronecker::new(vec![target.clone()]).unwrap();
    let task = MatrixTask::new(target)
        .unwrap()
        .with_objective(Objective::Squared);
    let descent = Descent::new(5e-4, 1000);
    let (x, y) = (
        head.run(std::slice::from_ref(&start), &descent).unwrap(),
        task.run(&start, &descent).unwrap(),
    );
    for (x, y) in x.loss.iter().zip(&y.loss) {
        assert!(
            (x.sqrt() - y.sqrt()).abs() < 1e-11 * (1.0 + y.sqrt()),
            "{x} {y}"
        );
    }
}

#[test]
fn all_norms_obey_the_same_exact_law() {
    // d‖ã‖²/dt = −4 (∏‖M̃‖² − ∏⟨M, M̃⟩) for every linear factor: read off the gradient.
    for parts in 1..=4 {
        let head = head(8, 2, parts, false);
        let at = head.start(Init::default(), Seed(6)).unwrap();
        let inner =
            |x: &Array2<f64>, y: &Array2<f64>| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let (mut own, mut cross) = (1.0, 1.0);
        for (target, learned) in head.targets().iter().zip(&at) {
            let (m, l) = (target.product(), learned.product());
            own *= inner(&l, &l);
            cross *= inner(&m, &l);
        }
        let expected = -4.0 * (own - cross);
        for (x, g) in at.iter().zip(head.gradient(&at).unwrap()) {
            for rate in [-2.0 * inner(&x.a, &g.a), -2.0 * inner(&x.b, &g.b)] {
                assert!(
                    (rate / expected - 1.0).abs() < 1e-11,
                    "{parts}: {rate} {expected}"
                );
            }
        }
    }
}

#[test]
fn an_orthogonal_head_decays_as_a_cube_root() {
    // Rank 1, all squared norms N, no overlap: N′ = −4 N⁴, N = N₀ (1 + 12 N₀³ t)^{−1/3}.
    let unit = |n: usize, i: usize, x: f64| {
        Array2::from_shape_fn((n, 1), |(k, _)| if k == i { x } else { 0.0 })
    };
    let pair = |i, x| Factors::new(unit(4, i, x), unit(4, i, x)).unwrap();
    let head = Kronecker::new(vec![pair(0, 1.0), pair(1, 1.0)]).unwrap();
    let start = [pair(2, 1.2), pair(3, 1.2)];
    let times: Vec<f64> = (0..40).map(|i| 0.25 * f64::from(i)).collect();
    let run = head.flow(&start, &times, &Flow::new(1e-11)).unwrap();
    let n0 = 1.44f64;
    for (t, norm) in times.iter().zip(run.norm_a.column(0)) {
        let expected = n0 / (1.0 + 12.0 * n0.powi(3) * t).cbrt();
        assert!((norm * norm / expected - 1.0).abs() < 1e-9);
    }
    assert_eq!(run.output_norm2().len(), 40);
}

#[test]
fn small_head_losses_are_right() {
    // One entry off by ε: L = ε² ‖b₁‖² ‖M₂‖².
    let head = head(6, 2, 2, false);
    let inner = |x: &Array2<f64>| x.iter().map(|x| x * x).sum::<f64>();
    for epsilon in [1e-2, 1e-4, 1e-6] {
        let mut learned = head.targets().to_vec();
        let before = learned[0].a[[0, 0]];
        learned[0].a[[0, 0]] += epsilon;
        let moved = learned[0].a[[0, 0]] - before;
        let b = head.targets()[0].b.column(0);
        let expected = moved * moved * b.dot(&b) * inner(&head.targets()[1].product());
        let loss = head.loss(&learned).unwrap();
        assert!(
            (loss / expected - 1.0).abs() < 2e-14 / epsilon,
            "{epsilon}: {}",
            loss / expected - 1.0
        );
    }
}

#[test]
fn head_runs_tables_and_errors() {
    let head = Kronecker::attention_head(8, 2, Seed(7))
        .unwrap()
        .normalized(1.0)
        .unwrap();
    assert!(
        (head
            .loss(&head.start(Init::small(), Seed(7)).unwrap())
            .unwrap()
            - 1.0)
            .abs()
            < 1e-3
    );
    let start = head.start(Init::default(), Seed(7)).unwrap();
    let record = Record::light(Schedule::Every { steps: 100 });
    for descent in [
        Descent::new(0.02, 4_000),
        Descent::with(Adam::new(0.01).into(), 2_000),
    ] {
        let run = head
            .run(&start, &descent.recording(record.clone()))
            .unwrap();
        assert!(run.final_loss() < 0.9 * run.loss[0]);
        assert_eq!(run.table().unwrap().height(), run.steps.len());
        assert_eq!(run.parts().unwrap().height(), 2 * run.steps.len());
        assert_eq!(run.end.len(), 2);
    }
    assert!(
        head.run(&start, &Descent::new(1e3, 100))
            .unwrap_err()
            .to_string()
            .contains("attention head")
    );
    assert!(
        head.loss(&start[..1])
            .unwrap_err()
            .to_string()
            .contains("2 parts")
    );
    assert!(head.clone().with_link(2, Link::Softmax).is_err());
    assert!(Kronecker::gaussian(4, 1, 0, Seed(0)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    /// Signs of pairs, orthogonal maps of the inner bases and scales that cancel between parts leave the loss alone.
    #[test]
    fn head_invariances(seed in 0u64..1000, parts in 1usize..5, scale in 0.5f64..2.0) {
        let head = head(6, 3, parts, false);
        let at = head.start(Init::default(), Seed(seed)).unwrap();
        let loss = head.loss(&at).unwrap();
        let (rotation, _) = linalg::qr(&Seed(seed).normal("data", 3, 3)).unwrap();
        let mut turned = at.clone();
        for part in &mut turned {
            part.a = part.a.dot(&rotation) * -scale;
            part.b = part.b.dot(&rotation) / -scale;
        }
        prop_assert!((head.loss(&turned).unwrap() / loss - 1.0).abs() < 1e-11);
        if parts > 1 {
            // M₁ → −s M₁, M₂ → −M₂ / s: a sign of one vector of each part.
            let mut moved = at.clone();
            moved[0].a *= -scale;
            moved[1].b /= -scale;
            prop_assert!((head.loss(&moved).unwrap() / loss - 1.0).abs() < 1e-11);
        }
    }
}

#[test]
fn one_component_decays_exponentially() {
    for n in [1, 100] {
        let task = SingleComponent::gaussian(n, Seed(1)).unwrap();
        let start = task.start(Seed(1));
        let times: Vec<f64> = (0..20).map(|i| 0.5 * f64::from(i)).collect();
        let run = task.flow(&start, &times, &Flow::new(1e-12)).unwrap();
        let fit = scurve::metric::curve::exponential_fit(&run.time, &run.loss);
        assert!((fit.rate.value - 2.0).abs() < 1e-6, "{}", fit.rate);
        assert!(
            scurve::metric::curve::shape(&run.time, &run.loss, 0.0)
                .unwrap()
                .plateaus
                .is_empty()
        );
        let eta: f64 = 0.1;
        let run = task.run(&start, &Descent::new(eta, 100)).unwrap();
        for (k, loss) in run.steps.iter().zip(&run.loss) {
            let expected = run.loss[0] * (1.0 - eta).powi(2 * *k as i32);
            assert!((loss / expected - 1.0).abs() < 1e-6);
        }
        assert_eq!(run.table().unwrap().height(), run.learned.nrows());
    }
}

#[test]
fn a_saturated_link_makes_an_s_curve_of_one_component() {
    let task = SingleComponent::new(array![2.0])
        .unwrap()
        .with_output(Output::Logistic);
    let at = array![-1.3];
    let (loss, gradient) = (
        |x: f64| task.loss(&array![x]).unwrap(),
        task.gradient(&at).unwrap()[0],
    );
    assert!(((loss(-1.3 + 1e-5) - loss(-1.3 - 1e-5)) / 2e-5 - gradient).abs() < 1e-9);
    assert!(
        (loss(2.0 + 1e-9) / (0.5e-18 * (2f64.exp() / (1.0 + 2f64.exp()).powi(2)).powi(2)) - 1.0)
            .abs()
            < 1e-6
    );
    let times: Vec<f64> = (0..4000).map(|i| 1.0 * f64::from(i)).collect();
    let run = task.flow(&array![-6.0], &times, &Flow::new(1e-10)).unwrap();
    let shape = scurve::metric::curve::shape(&run.time, &run.loss, 0.0).unwrap();
    assert_eq!(shape.plateaus.len(), 1);
    // ã waits e^6: d e^{−ã}/dt ≈ −f(a).
    let expected = 6f64.exp() / (1.0 / (1.0 + (-2f64).exp()));
    assert!(
        (shape.transition_time() / expected - 1.0).abs() < 0.1,
        "{} {expected}",
        shape.transition_time()
    );
    assert!(SingleComponent::new(Array1::zeros(0)).is_err());
}
