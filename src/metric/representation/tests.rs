use super::*;
use crate::metric::feature::projection_share;
use crate::metric::minimum_projection::MpOperator;
use crate::seed::Seed;
use ndarray::s;

fn layer(p: usize, outputs: usize) -> LastLayer {
    let bias = Seed(9).normal("bias", 1, outputs).row(0).to_owned();
    LastLayer::new(Seed(9).normal("init", p, outputs), bias).unwrap()
}

#[test]
fn batches_give_what_all_samples_at_once_give() {
    let scale = Array1::from_iter((0..8).map(|i| 0.7_f64.powi(i)));
    let (train, test) = (
        Seed(0).normal("data", 90, 8) * &scale,
        Seed(1).normal("data", 70, 8) * &scale + 0.2,
    );
    let layer = layer(8, 3);
    let targets = Seed(2).normal("data", 70, 2);
    let mut fit = FeatureFit::new(layer.clone()).unwrap();
    fit.push(train.slice(s![..7, ..])).unwrap();
    fit.push(train.slice(s![7.., ..])).unwrap();
    let mut measured = fit.finish().unwrap();
    for rows in [0..1, 1..40, 40..70] {
        let (x, y) = (
            test.slice(s![rows.clone(), ..]),
            targets.slice(s![rows, ..]),
        );
        measured.push(x, y).unwrap();
    }
    let found = measured.finish().unwrap();
    let e = Eigenfunctions::fit(train.view()).unwrap();
    let values = e.evaluate(test.view()).unwrap();
    let outputs = layer.outputs(test.view()).unwrap();
    let quality = projection_share(values.view(), targets.view()).unwrap();
    let utilization = projection_share(values.view(), outputs.view()).unwrap();
    let alignment = KernelAlignment::of(test.view(), outputs.view()).unwrap();
    let kappa = alignment.kappa_cka(MinimumProjection::Outputs).unwrap();
    for k in 0..8 {
        assert!((found.intensity[k] / e.intensity[k] - 1.0).abs() < 1e-9);
        assert!((found.quality[k] - quality[k]).abs() < 1e-9);
        assert!((found.utilization[k] - utilization[k]).abs() < 1e-9);
    }
    assert!((found.kappa - kappa).abs() < 1e-10);
    let first = values.column(0);
    let overlap = first.sum().abs() / (first.dot(&first) * 70.0).sqrt();
    assert!((found.constant - overlap).abs() < 1e-10);
}

/// numpy, by whole projectors and kernels: features sin(1 + 3i + 7j) + 2 [j = i mod 3], of samples 0 to 19 and 50 to 62 (classes counted from the first), weights
/// cos(2i + 5j), biases .3, −.2, .1, targets the indicators of i mod 3.
#[test]
fn an_independent_program_agrees() {
    let features = |n: usize, first: usize| {
        Array2::from_shape_fn((n, 5), |(i, j)| {
            let phase = 1.0 + 3.0 * (i + first) as f64 + 7.0 * j as f64;
            phase.sin() + 2.0 * f64::from(u8::from(j == i % 3))
        })
    };
    let weight = Array2::from_shape_fn((5, 3), |(i, j)| (2.0 * i as f64 + 5.0 * j as f64).cos());
    let layer = LastLayer::new(weight, Array1::from(vec![0.3, -0.2, 0.1])).unwrap();
    let classes: Vec<usize> = (0..13).map(|i| i % 3).collect();
    let targets = crate::metric::feature::indicators(&classes, 3).unwrap();
    let (train, test) = (features(20, 0), features(13, 50));
    let found = FeatureMetrics::measure(&layer, train.view(), test.view(), targets.view()).unwrap();
    let quality = [
        0.238456426266,
        0.130387748996,
        0.327327160731,
        0.165121044759,
        0.209875569864,
    ];
    let utilization = [
        0.241256579563,
        0.175405783380,
        0.314936298925,
        0.131205133807,
        0.212495536682,
    ];
    for k in 0..5 {
        assert!((found.quality[k] - quality[k]).abs() < 1e-10);
        assert!((found.utilization[k] - utilization[k]).abs() < 1e-10);
    }
    let expected = [
        4.761997608433,
        4.796277827127,
        3.875699740972,
        3.725422763778,
        0.329792575493,
        0.838889979205,
    ];
    for ((name, value), expected) in found.named().into_iter().zip(expected) {
        assert!(
            (value - expected).abs() < 1e-10,
            "{name} {value} {expected}"
        );
    }
}

/// Features of an MP operator with a₁ > 0: C equal features, the first one constant, κ = 0, minimum by both measures.
#[test]
fn the_ideal_operator_is_recognised() {
    let labels: Vec<usize> = (0..200).map(|i| i % 5).collect();
    let features = MpOperator::new(3.0, 0.5, 5)
        .unwrap()
        .features(&labels, 12, Seed(0))
        .unwrap();
    // Outputs that are the indicators, mixed.
    let targets = crate::metric::feature::indicators(&labels, 5).unwrap();
    let found = FeatureMetrics::measure(
        &layer(12, 5),
        features.view(),
        features.view(),
        targets.view(),
    )
    .unwrap();
    assert!((found.constant - 1.0).abs() < 1e-10);
    assert!((found.intensity[0] - 3.5).abs() < 1e-10 && (found.intensity[1] - 0.5).abs() < 1e-10);
    for d in [
        found.quality_dimension,
        found.utilization_dimension,
        found.intensity_dimension,
    ] {
        assert!((d - 5.0).abs() < 1e-9, "{d}");
    }
    assert!(found.kappa < 1e-10, "{}", found.kappa);
    assert_eq!(found.regime(), Regime::Minimum);
    assert_eq!(found.regime_by_dimension(0.01), Regime::Minimum);
}

#[test]
fn bad_input_is_named() {
    let said = |e: Error| e.to_string();
    let eye = Array2::<f64>::eye(2);
    assert!(
        said(LastLayer::new(eye.clone(), Array1::zeros(3)).unwrap_err()).contains("bias.len()")
    );
    assert!(said(LastLayer::without_bias(&eye * f64::NAN).unwrap_err()).contains("weight"));
    assert!(said(LastLayer::without_bias(Array2::zeros((0, 2))).unwrap_err()).contains("weight"));
    let fit = || FeatureFit::new(LastLayer::without_bias(eye.clone()).unwrap()).unwrap();
    assert!(said(fit().finish().unwrap_err()).contains("samples = 0"));
    let mut fit = fit();
    assert!(fit.push(Array2::ones((4, 3)).view()).is_err());
    fit.push(Seed(0).normal("data", 6, 2).view()).unwrap();
    let mut test = fit.finish().unwrap();
    assert!(said(test.clone().finish().unwrap_err()).contains("samples = 0"));
    let x = Seed(1).normal("data", 4, 2);
    let wrong = test
        .push(x.view(), Array2::ones((3, 1)).view())
        .unwrap_err();
    assert!(said(wrong).contains("targets.dim() = 3 × 1"));
    let nan = Array2::from_elem((4, 1), f64::NAN);
    assert!(said(test.push(x.view(), nan.view()).unwrap_err()).contains("targets"));
    test.push(x.view(), Array2::zeros((4, 1)).view()).unwrap();
    let wrong = test
        .push(x.view(), Array2::ones((4, 2)).view())
        .unwrap_err();
    assert!(said(wrong).contains("targets.dim() = 4 × 2"));
    assert!(said(test.finish().unwrap_err()).contains("targets"));
    let mut history = FeatureHistory::default();
    let measured = FeatureMetrics::measure(
        &LastLayer::without_bias(eye).unwrap(),
        x.view(),
        x.view(),
        x.view(),
    )
    .unwrap();
    history.push(3, measured.clone()).unwrap();
    assert!(said(history.push(3, measured).unwrap_err()).contains("step = 3"));
}
