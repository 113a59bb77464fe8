//! Laws that every rule must obey, whatever its equation.

use proptest::prelude::*;
use scurve::optimizer::{
    AdEMAMix, Adam, AdamW, Lion, Mars, MarsForm, Need, Optimizer, Sgd, SignGd, Sophia,
};

/// Every rule that moves by the gradient alone, coordinate by coordinate, with and without its extras.
fn all() -> Vec<Optimizer> {
    vec![
        Sgd::new(0.02).into(),
        Sgd::new(0.02).momentum(0.9).into(),
        Sgd::new(0.02)
            .momentum(0.5)
            .dampening(0.3)
            .weight_decay(0.01)
            .into(),
        Sgd::new(0.02).nesterov(0.9).into(),
        SignGd::new(0.02).into(),
        SignGd::adam(0.02).into(),
        Adam::new(0.02).into(),
        Adam::new(0.02).betas(0.0, 0.0).weight_decay(0.01).into(),
        AdamW::new(0.02).into(),
        AdEMAMix::new(0.02).betas(0.9, 0.999, 0.99).into(),
        AdEMAMix::new(0.02).weight_decay(0.01).warmup(20).into(),
        Lion::new(0.02).into(),
        Lion::new(0.02).weight_decay(0.1).into(),
        Mars::new(0.02).clip(false).into(),
        Mars::new(0.02)
            .clip(false)
            .gamma(0.1)
            .weight_decay(0.01)
            .into(),
    ]
}

fn start(len: usize) -> Vec<f64> {
    (0..len).map(|i| 1.0 + (i as f64 * 0.7).sin()).collect()
}

/// `steps` steps on ½ Σ h θ².
fn descend(optimizer: Optimizer, h: &[f64], theta: &mut [f64], steps: usize) {
    let mut state = optimizer.flat(theta.len());
    for _ in 0..steps {
        let grad: Vec<f64> = theta.iter().zip(h).map(|(x, h)| h * x).collect();
        state.step(theta, &grad).unwrap();
    }
}

#[test]
fn every_rule_descends_a_quadratic() {
    for optimizer in all() {
        let (h, mut theta) = ([1.0, 3.0, 10.0], start(3));
        descend(optimizer, &h, &mut theta, 500);
        // Rules of sign hover within a step or two of the minimum.
        assert!(
            theta.iter().all(|x| x.abs() < 0.1),
            "{optimizer}: {theta:?}"
        );
    }
}

#[test]
fn lengths_must_agree_and_nothing_moves_when_they_do_not() {
    for optimizer in all() {
        let mut state = optimizer.flat(3);
        let mut theta = [1.0; 4];
        let error = state.step(&mut theta, &[1.0; 4]).unwrap_err().to_string();
        assert!(
            error.contains("params.len() = 4") && error.contains("be 3"),
            "{error}"
        );
        let error = state
            .step(&mut theta[..3], &[1.0; 2])
            .unwrap_err()
            .to_string();
        assert!(error.contains("grads.len() = 2"), "{error}");
        assert_eq!((theta, state.steps()), ([1.0; 4], 0));
    }
}

#[test]
fn a_zero_gradient_moves_nothing_but_the_decay() {
    for optimizer in all() {
        let mut theta = [1.5, -0.5];
        optimizer.flat(2).step(&mut theta, &[0.0; 2]).unwrap();
        let decays = serde_json::to_value(optimizer).unwrap()["weight_decay"]
            .as_f64()
            .unwrap_or(0.0)
            > 0.0;
        assert_eq!(theta == [1.5, -0.5], !decays, "{optimizer}");
        assert!(
            theta[0] <= 1.5 && theta[1] >= -0.5,
            "{optimizer}: decay must shrink"
        );
    }
}

#[test]
fn nothing_to_step_is_fine() {
    for optimizer in all() {
        let mut state = optimizer.flat(0);
        state.step(&mut [], &[]).unwrap();
        assert!(state.is_empty());
    }
}

#[test]
fn a_state_can_be_reset_and_looked_into() {
    for optimizer in all() {
        let mut state = optimizer.flat(11);
        let mut theta = start(11);
        state.step(&mut theta, &start(11)).unwrap();
        assert!((0..optimizer.slots()).all(|k| state.slot(k).unwrap().len() == 11));
        assert!(state.slot(optimizer.slots()).is_none());
        state.reset();
        assert_eq!(state, optimizer.flat(11));
    }
    let mut state = Optimizer::from(Adam::new(0.1).betas(0.5, 0.75)).flat(9);
    let grad: Vec<f64> = (0..9).map(f64::from).collect();
    state.step(&mut [0.0; 9], &grad).unwrap();
    assert!(
        state
            .slot(0)
            .unwrap()
            .iter()
            .eq(&grad.iter().map(|g| 0.5 * g).collect::<Vec<_>>())
    );
    assert!(
        state
            .slot(1)
            .unwrap()
            .iter()
            .eq(&grad.iter().map(|g| 0.25 * g * g).collect::<Vec<_>>())
    );
}

#[test]
fn the_step_size_can_change_on_the_way() {
    for optimizer in all() {
        let mut state = optimizer.flat(2);
        let mut theta = [1.0, 2.0];
        state.set_lr(0.0);
        state.step(&mut theta, &[3.0, -4.0]).unwrap();
        assert_eq!(theta, [1.0, 2.0], "{optimizer}");
        state.set_lr(0.01);
        state.step(&mut theta, &[3.0, -4.0]).unwrap();
        assert!(theta[0] < 1.0, "{optimizer}");
        assert_eq!(state.optimizer(), &optimizer.with_lr(0.01));
    }
}

#[test]
fn not_a_number_is_seen() {
    for optimizer in all() {
        let mut theta = [1.0; 9];
        optimizer.flat(9).step(&mut theta, &[f64::NAN; 9]).unwrap();
        assert!(theta.iter().all(|x| x.is_nan()), "{optimizer}");
    }
}

#[test]
fn settings_survive_json_and_toml() {
    for optimizer in all() {
        let json = serde_json::to_string(&optimizer).unwrap();
        assert_eq!(
            serde_json::from_str::<Optimizer>(&json).unwrap(),
            optimizer,
            "{json}"
        );
        let text = toml::to_string(&optimizer).unwrap();
        assert_eq!(
            toml::from_str::<Optimizer>(&text).unwrap(),
            optimizer,
            "{text}"
        );
        assert_eq!(
            optimizer.name().parse::<Optimizer>().unwrap().name(),
            optimizer.name()
        );
    }
}

#[test]
fn settings_are_read_strictly() {
    let read = |text: &str| serde_json::from_str::<Optimizer>(text).map_err(|e| e.to_string());
    assert_eq!(
        read(r#"{"kind":"adam","lr":0.5,"betas":[0,0]}"#),
        Ok(Adam::new(0.5).betas(0.0, 0.0).into())
    );
    assert_eq!(read(r#""sign_gd""#), Ok(SignGd::default().into()));
    assert_eq!(
        read(r#"{"kind":"sign_gd","form":"adam"}"#),
        Ok(SignGd::adam(1e-3).into())
    );
    assert!(
        read(r#"{"kind":"adam","lrr":0.5}"#)
            .unwrap_err()
            .contains("lrr")
    );
    assert!(read(r#"{"lr":0.5}"#).unwrap_err().contains("kind"));
    assert!(
        read(r#""adamm""#)
            .unwrap_err()
            .contains("did you mean `adam`")
    );
    assert!(read("3").unwrap_err().contains("an optimizer's name"));
}

#[test]
fn values_out_of_range_are_named() {
    let wrong: [(Optimizer, &str); 13] = [
        (Sgd::new(-1.0).into(), "optimizer.lr = -1"),
        (Sgd::new(f64::NAN).into(), "optimizer.lr = NaN"),
        (Sgd::new(0.1).momentum(1.0).into(), "optimizer.momentum = 1"),
        (
            Sgd::new(0.1).nesterov(0.0).into(),
            "optimizer.nesterov = true",
        ),
        (SignGd::adam(0.1).eps(-1.0).into(), "optimizer.eps = -1"),
        (
            Adam::new(0.1).betas(1.0, 0.0).into(),
            "optimizer.betas[0] = 1",
        ),
        (
            AdamW::new(0.1).weight_decay(-0.1).into(),
            "optimizer.weight_decay = -0.1",
        ),
        (
            AdEMAMix::new(0.1).betas(0.9, 0.9, 1.5).into(),
            "optimizer.betas[2] = 1.5",
        ),
        (Lion::new(f64::INFINITY).into(), "optimizer.lr = inf"),
        (Sophia::new(0.1).gamma(0.0).into(), "optimizer.gamma = 0"),
        (Sophia::new(0.1).eps(0.0).into(), "optimizer.eps = 0"),
        (
            Sophia::new(0.1).interval(0).into(),
            "optimizer.interval = 0",
        ),
        (
            Mars::new(0.1).gamma(f64::NAN).into(),
            "optimizer.gamma = NaN",
        ),
    ];
    for (optimizer, message) in wrong {
        let error = optimizer.validate().unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    assert!(all().iter().all(|o| o.validate().is_ok()));
    assert!(
        Optimizer::NAMES
            .iter()
            .all(|n| n.parse::<Optimizer>().unwrap().validate().is_ok())
    );
}

#[test]
fn labels_say_what_is_not_default() {
    let label = |o: Optimizer| o.to_string();
    assert_eq!(label(Adam::new(0.01).into()), "Adam(lr 0.01)");
    assert_eq!(
        label(AdamW::new(0.01).betas(0.0, 0.5).into()),
        "AdamW(lr 0.01, betas [0.0,0.5])"
    );
    assert_eq!(
        label(Sgd::new(1.0).momentum(0.9).into()),
        "SGD(lr 1.0, momentum 0.9)"
    );
}

#[test]
fn sophia_asks_for_the_curvature_every_k_steps() {
    let mut state = Optimizer::from(Sophia::new(0.1).interval(3)).flat(2);
    let (mut theta, mut asked) = ([1.0; 2], vec![]);
    for step in 0..10 {
        if let Some(need) = state.needs() {
            assert_eq!(need, Need::Curvature);
            assert!(
                state
                    .step(&mut theta, &[1.0; 2])
                    .unwrap_err()
                    .to_string()
                    .contains("Hessian")
            );
            assert_eq!(state.steps(), step);
            assert!(
                state
                    .supply(&[1.0])
                    .unwrap_err()
                    .to_string()
                    .starts_with("values.len() = 1")
            );
            state.supply(&[1.0; 2]).unwrap();
            asked.push(step);
        }
        assert!(state.supply(&[1.0; 2]).is_err());
        state.step(&mut theta, &[1.0; 2]).unwrap();
    }
    assert_eq!(asked, [0, 3, 6, 9]);
    state.reset();
    assert_eq!(state, Optimizer::from(Sophia::new(0.1).interval(3)).flat(2));
}

#[test]
fn sophia_never_moves_a_coordinate_by_more_than_its_step_size() {
    // Curvatures over twelve decades, negative and zero ones too.
    let h = [1e-6, 1.0, 1e6, -5.0, 0.0];
    let mut state = Optimizer::from(Sophia::new(0.1).weight_decay(0.0).interval(1)).flat(5);
    let mut theta = [0.0; 5];
    for k in 0..200 {
        state.supply(&h).unwrap();
        let before = theta;
        state
            .step(&mut theta, &[(0.1 * f64::from(k)).sin(); 5])
            .unwrap();
        assert!(
            theta
                .iter()
                .zip(before)
                .all(|(a, b)| (a - b).abs() <= 0.1 * (1.0 + 1e-15))
        );
        // Where there is no curvature to divide by, the sign of the mean gradient.
        assert!(k == 0 || ((theta[3] - before[3]).abs() - 0.1).abs() < 1e-12);
        assert_eq!(theta[3], theta[4]);
    }
    assert!(
        (theta[2]).abs() < 1e-3,
        "a steep coordinate moves by m / (γ h)"
    );
}

#[test]
fn mars_in_its_exact_form_needs_the_gradient_before() {
    let exact = Optimizer::from(Mars {
        form: MarsForm::Exact,
        ..Mars::new(0.1)
    });
    let (mut one, mut other) = (exact.flat(3), Optimizer::from(Mars::new(0.1)).flat(3));
    let (mut x, mut y) = ([1.0, -2.0, 3.0], [1.0, -2.0, 3.0]);
    let mut last = [0.0; 3];
    for step in 0..30 {
        assert_eq!(one.needs(), (step > 0).then_some(Need::LookBack));
        if step > 0 {
            assert!(
                one.step(&mut x, &[1.0; 3])
                    .unwrap_err()
                    .to_string()
                    .contains("the same batch")
            );
            one.supply(&last).unwrap();
        }
        // Without noise both forms are one.
        last = x;
        one.step(&mut x, &last).unwrap();
        let grad = y;
        other.step(&mut y, &grad).unwrap();
        assert_eq!(x, y);
    }
}

#[test]
fn a_clipped_mars_sees_the_whole_slice() {
    let run = |grads: [f64; 2], clip| {
        let mut theta = [0.0; 2];
        let mut state = Optimizer::from(Mars::new(1.0).clip(clip).eps(1.0)).flat(2);
        state.step(&mut theta, &grads).unwrap();
        theta
    };
    // c = (3, 4) is scaled to (.6, .8); the first step is c / (|c| + ε).
    let clipped = run([3.0, 4.0], true);
    assert!((clipped[0] + 0.6 / 1.6).abs() < 1e-12 && (clipped[1] + 0.8 / 1.8).abs() < 1e-12);
    let free = run([3.0, 4.0], false);
    assert!((free[0] + 0.75).abs() < 1e-12 && (free[1] + 0.8).abs() < 1e-12);
}

#[test]
fn models_refuse_rules_that_need_more_than_they_give() {
    let refused = |optimizer: Optimizer| {
        optimizer
            .validate_for("descent.optimizer", &[])
            .unwrap_err()
            .to_string()
    };
    assert!(refused(Sophia::new(0.1).into()).starts_with("descent.optimizer.kind = sophia"));
    assert!(refused(Mars::exact(0.1).into()).contains("parameters before"));
    assert!(refused(Sophia::new(-0.1).into()).starts_with("descent.optimizer.lr"));
    assert!(
        all()
            .iter()
            .all(|o| o.validate_for("optimizer", &[]).is_ok())
    );
    assert!(
        Optimizer::from(Mars::exact(0.1))
            .validate_for("optimizer", &[Need::LookBack])
            .is_ok()
    );
}

proptest! {
    /// Runs side by side in one slice are the runs by themselves, to the bit, at any length.
    #[test]
    fn coordinates_do_not_see_each_other(
        theta in prop::collection::vec(-10.0..10.0f64, 1..40),
        split in 0.0..1.0f64,
        which in 0..15usize,
    ) {
        let optimizer = all()[which];
        let h: Vec<f64> = (0..theta.len()).map(|i| 0.5 + (i % 7) as f64).collect();
        let split = (split * theta.len() as f64) as usize;
        let (mut together, mut apart) = (theta.clone(), theta);
        descend(optimizer, &h, &mut together, 20);
        let (left, right) = apart.split_at_mut(split);
        descend(optimizer, &h[..split], left, 20);
        descend(optimizer, &h[split..], right, 20);
        prop_assert_eq!(together, apart);
    }

    /// Rules of sign do not see the scale of the loss; Adam's sign form does not to the extent of eps.
    #[test]
    fn sign_rules_do_not_see_the_scale(scale in 0.01..100.0f64, theta in prop::collection::vec(-2.0..2.0f64, 5)) {
        let run = |optimizer: Optimizer, scale: f64| {
            let mut theta = theta.clone();
            let mut state = optimizer.flat(5);
            for k in 0..30 {
                let grad: Vec<f64> = theta.iter().map(|x| scale * (x + 0.3 * f64::from(k).sin())).collect();
                state.step(&mut theta, &grad).unwrap();
            }
            theta
        };
        // A power of two scales every gradient exactly.
        let scale = scale.log2().round().exp2();
        for optimizer in [SignGd::new(0.1).into(), Lion::new(0.1).into()] {
            prop_assert_eq!(run(optimizer, 1.0), run(optimizer, scale));
        }
        let adam: Optimizer = Adam::new(0.1).eps(0.0).into();
        let gap = run(adam, 1.0).iter().zip(run(adam, scale)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        prop_assert!(gap < 1e-12);
    }

    /// Mirror symmetry: −θ has the mirrored path.
    #[test]
    fn every_rule_is_odd(theta in prop::collection::vec(-2.0..2.0f64, 5), which in 0..15usize) {
        let (mut here, mut there) = (theta.clone(), theta.iter().map(|x| -x).collect::<Vec<_>>());
        descend(all()[which], &[1.0; 5], &mut here, 25);
        descend(all()[which], &[1.0; 5], &mut there, 25);
        prop_assert!(here.iter().zip(&there).all(|(a, b)| *a == -*b));
    }

    /// Limits in which two rules are one.
    #[test]
    fn rules_meet_in_their_limits(theta in prop::collection::vec(-2.0..2.0f64, 6)) {
        let run = |optimizer: Optimizer| {
            let mut theta = theta.clone();
            descend(optimizer, &[1.0, 2.0, 0.5, 4.0, 1.0, 0.1], &mut theta, 40);
            theta
        };
        let meet: [(Optimizer, Optimizer); 5] = [
            (Adam::new(0.01).betas(0.0, 0.0).into(), SignGd::adam(0.01).into()),
            (Adam::new(0.01).into(), AdamW::new(0.01).weight_decay(0.0).into()),
            (AdEMAMix::new(0.01).alpha(0.0).into(), Adam::new(0.01).into()),
            (Lion::new(0.01).betas(0.0, 0.0).into(), SignGd::new(0.01).into()),
            (Mars::new(0.01).gamma(0.0).clip(false).weight_decay(0.1).into(), AdamW::new(0.01).betas(0.95, 0.99).weight_decay(0.1).into()),
        ];
        for (one, other) in meet {
            let gap = run(one).iter().zip(run(other)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            prop_assert!(gap < 1e-13, "{} and {}: {:e}", one, other, gap);
        }
    }
}
