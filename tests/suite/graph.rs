//! Dependent skills: graphs in code, TOML and DOT, gates, solvers, switches and bad input.

use proptest::prelude::*;
use scurve::prelude::*;

fn published_chain() -> DependentResource {
    let graph = SkillGraph::chain(&[0.3, 1.0, 3.0]).unwrap();
    DependentResource::new(graph, Gating::soft(1e-4), 1e-3)
        .unwrap()
        .with_waste(1e-3)
        .unwrap()
}

fn tree() -> SkillGraph {
    let p = [1.0, 0.1, 2.0, 0.2, 1.0, 1.0, 1.0];
    let mut builder = SkillGraph::builder();
    for (i, p) in p.iter().enumerate() {
        builder = builder.skill((i + 1).to_string(), *p);
    }
    builder
        .gate("5", Gate::and(["1", "2"]))
        .gate("6", Gate::and(["3", "4"]))
        .gate("7", Gate::or([Gate::after("5"), Gate::and(["6", "1"])]))
        .build()
        .unwrap()
}

fn grid(n: usize, end: f64) -> Vec<f64> {
    (0..n).map(|k| end * k as f64 / (n - 1) as f64).collect()
}

#[test]
fn a_chain_is_learned_in_its_order_and_as_printed_in_reverse() {
    let soft = published_chain();
    let times = grid(401, 8000.0);
    assert_eq!(
        soft.ode(&times, &Flow::default()).unwrap().order(0.5),
        [0, 1, 2]
    );
    assert_eq!(soft.euler(&Euler::new(5000)).unwrap().order(0.5), [0, 1, 2]);
    let graph = SkillGraph::chain(&[0.3, 1.0, 3.0]).unwrap();
    let printed = DependentResource::new(graph, Gating::as_printed(0.01), 1e-3)
        .unwrap()
        .with_waste(1e-3)
        .unwrap();
    assert_eq!(
        printed.ode(&times, &Flow::default()).unwrap().order(0.5),
        [2, 1, 0]
    );
    assert_eq!(
        printed.euler(&Euler::new(8000)).unwrap().order(0.5),
        [2, 1, 0]
    );
}

#[test]
fn without_gates_it_is_the_resource_model() {
    let p = Frequencies::power_law(6, 1.5).unwrap();
    let times = grid(80, 700.0);
    for waste in [0.0, 0.01] {
        let free = Resource::new(p.clone(), 0.01)
            .unwrap()
            .with_waste(waste)
            .unwrap();
        let graph = SkillGraph::independent(p.clone());
        let model = DependentResource::new(graph, Gating::soft(0.1), 0.01)
            .unwrap()
            .with_waste(waste)
            .unwrap();
        let (a, b) = (
            free.exact(&times).unwrap(),
            model.ode(&times, &Flow::new(1e-12)).unwrap(),
        );
        let apart = a
            .unskill
            .iter()
            .zip(&b.unskill)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f64::max);
        assert!(apart < 1e-9, "N₀ = {waste}: {apart:e}");
        let (a, b) = (
            free.euler(&Euler::new(700)).unwrap(),
            model.euler(&Euler::new(700)).unwrap(),
        );
        let apart = a
            .unskill
            .iter()
            .zip(&b.unskill)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f64::max);
        assert!(apart < 1e-13, "N₀ = {waste}: {apart:e}");
    }
}

#[test]
fn gated_solutions_agree_with_scipy() {
    // scipy.integrate.solve_ivp, Radau and DOP853 alike, rtol 1e-11, in ln u: p = (.5, 1, 2), 2 waits for 1, 3 for 1 or 2, γ = .3, η = .01, N₀ = .05, t = 100, 250.
    let graph = SkillGraph::builder()
        .skill("1", 0.5)
        .skill("2", 1.0)
        .skill("3", 2.0)
        .gate("2", "1")
        .gate("3", Gate::or(["1", "2"]))
        .build()
        .unwrap();
    for (gating, expected) in [
        (Gating::soft(0.3), SCIPY[0]),
        (Gating::soft(0.3).weighting_denominator(false), SCIPY[1]),
        (Gating::as_printed(2.0), SCIPY[2]),
    ] {
        let model = DependentResource::new(graph.clone(), gating, 0.01)
            .unwrap()
            .with_waste(0.05)
            .unwrap();
        let run = model.ode(&[100.0, 250.0], &Flow::new(1e-11)).unwrap();
        for (x, y) in run.unskill.iter().zip(expected.iter().flatten()) {
            assert!((x - y).abs() < 1e-8, "{gating:?}: {x} {y}");
        }
    }
}

const SCIPY: [[[f64; 3]; 2]; 3] = [
    [
        [0.47769466042056064, 0.8587434243493922, 0.7374402688633204],
        [
            0.14471759941364976,
            0.39363275632110406,
            0.15494674684894966,
        ],
    ],
    [
        [0.8670882207537106, 0.9940024799998186, 0.9880409302457899],
        [0.6926788114996215, 0.9617477290758455, 0.924958694382546],
    ],
    [
        [0.8673661779191749, 0.9982727866235899, 0.9965485565132273],
        [0.6951169878826704, 0.9756702931117018, 0.9519325208606741],
    ],
];

#[test]
fn eulers_error_falls_at_order_one_with_gates() {
    let model = DependentResource::new(tree(), Gating::soft(0.5), 1e-2)
        .unwrap()
        .with_waste(0.3)
        .unwrap();
    let error = |dt: f64| {
        let run = model
            .euler(&Euler::new((400.0 / dt) as usize).with_dt(dt))
            .unwrap();
        let exact = model.ode(&run.time, &Flow::new(1e-11)).unwrap();
        run.unskill
            .iter()
            .zip(&exact.unskill)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f64::max)
    };
    let order = (error(1.0) / error(0.5)).log2();
    assert!((0.95..1.05).contains(&order), "order {order}");
}

#[test]
fn a_shut_gate_holds_for_ever() {
    let graph = SkillGraph::builder()
        .skill("a", 1.0)
        .skill("b", 1.0)
        .gate("b", Gate::custom("never", ["a"], |_| 0.0))
        .build()
        .unwrap();
    for waste in [0.0, 0.1] {
        let model = DependentResource::new(graph.clone(), Gating::soft(0.1), 1.0)
            .unwrap()
            .with_waste(waste)
            .unwrap();
        for run in [
            model.ode(&[0.0, 0.5, 2e3], &Flow::default()).unwrap(),
            model.euler(&Euler::new(50).with_dt(0.1)).unwrap(),
        ] {
            let last = run.unskill.nrows() - 1;
            assert_eq!(run.unskill[[last, 1]], 1.0);
            assert!(run.unskill[[last, 0]] < 1e-9, "{waste}");
        }
    }
}

#[test]
fn custom_gates_are_those_that_they_spell() {
    let build = |gate: Gate| {
        let graph = SkillGraph::builder()
            .skill("a", 1.0)
            .skill("b", 0.5)
            .skill("c", 2.0)
            .gate("c", gate)
            .build()
            .unwrap();
        let model = DependentResource::new(graph, Gating::soft(0.2), 0.01)
            .unwrap()
            .with_waste(0.01)
            .unwrap();
        model
            .ode(&grid(50, 500.0), &Flow::default())
            .unwrap()
            .unskill
    };
    let same = |a: Array2<f64>, b: Array2<f64>| (a - b).iter().all(|d| d.abs() < 1e-12);
    let soft = |u: f64| 1.0 - u.powf(0.2);
    let product = Gate::custom("product", ["a", "b"], move |u| soft(u[0]) * soft(u[1]));
    assert!(same(build(product), build(Gate::and(["a", "b"]))));
    let either = Gate::custom("either", ["a", "b"], move |u| soft(u[0]).max(soft(u[1])));
    assert!(same(build(either), build(Gate::or(["a", "b"]))));
}

#[test]
fn frequencies_switch_at_their_threshold() {
    // One skill, no waste: u falls at rate η whatever p; the second skill's share changes when u₁ = ½.
    let graph = SkillGraph::independent(Frequencies::weights(vec![1.0, 0.01]).unwrap());
    let model = DependentResource::new(graph, Gating::soft(0.1), 0.01)
        .unwrap()
        .with_waste(0.02)
        .unwrap();
    let switch = Switch {
        skill: 1,
        p: 0.5,
        watched: 0,
        unskill: 0.5,
    };
    let run = model.clone().with_switch(switch).unwrap();
    let times = grid(101, 150.0);
    let (with, without) = (
        run.ode(&times, &Flow::new(1e-12)).unwrap(),
        model.ode(&times, &Flow::new(1e-12)).unwrap(),
    );
    let half = with.learning_times(0.5)[0];
    for (k, t) in times.iter().enumerate() {
        let apart = (with.unskill[[k, 1]] - without.unskill[[k, 1]]).abs();
        if *t < half - 2.0 {
            assert!(apart < 1e-12, "{t} {apart}");
        } else if *t > half + 2.0 {
            assert!(apart > 1e-4, "{t} {apart}");
        }
    }
    // The same as two exact pieces.
    let p = |p2: f64| Frequencies::weights(vec![1.0, p2]).unwrap();
    let first = Resource::new(p(0.01), 0.01)
        .unwrap()
        .with_waste(0.02)
        .unwrap();
    let event = first.learning_time(0, 0.5).unwrap().total();
    let there = first.exact(&[event]).unwrap().unskill.row(0).to_vec();
    let second = Resource::new(p(0.5), 0.01)
        .unwrap()
        .with_waste(0.02)
        .unwrap()
        .with_start(&there)
        .unwrap();
    let after = second.exact(&[150.0 - event]).unwrap();
    for i in 0..2 {
        assert!((after.unskill[[0, i]] - with.unskill[[100, i]]).abs() < 1e-9);
    }
    let stepped = run.euler(&Euler::new(1500).with_dt(0.1)).unwrap();
    assert!((stepped.unskill[[1499, 1]] - with.unskill[[100, 1]]).abs() < 2e-3);
}

#[test]
fn graphs_survive_dot() {
    let graph = SkillGraph::builder()
        .skill("a", 0.3)
        .skill("two words", 1e-3)
        .skill("and", 2.0)
        .skill("d", 1.0)
        .skill("e", 1.0)
        .gate("and", Gate::or(["a", "two words"]))
        .gate(
            "d",
            Gate::and([Gate::after("and"), Gate::or(["a", "two words"])]),
        )
        .gate("e", "d")
        .build()
        .unwrap();
    assert_eq!(
        SkillGraph::from_dot(&graph.to_dot()).unwrap(),
        graph,
        "{}",
        graph.to_dot()
    );
    assert_eq!(SkillGraph::from_dot(&tree().to_dot()).unwrap(), tree());
}

#[test]
fn dot_and_toml_read_the_same_graph() {
    let dot = SkillGraph::from_dot(
        "strict digraph \"g\" { // a comment
            rankdir=LR; node [shape=box, label=\"\\N\"]
            a [p=1, color=\"red\"]; b [p = .5]; /* more
            comment */ c [p=2e0 gate=or]
            {a b} -> c -> d   # arrows
            d [p=1e-3, gate=\"and(c, or(a, b))\"]
        }",
    )
    .unwrap();
    let toml = SkillGraph::from_toml(
        "skill = [
            { name = 'a', p = 1 }, { name = 'b', p = 0.5 },
            { name = 'c', p = 2.0, after = { any = ['a', 'b'] } },
            { name = 'd', p = 1e-3, after = { all = ['c', { any = ['a', 'b'] }] } },
        ]",
    )
    .unwrap();
    assert_eq!(dot, toml);
    assert_eq!(dot.ancestors(3), [2, 0, 1]);
}

#[test]
fn bad_graphs_are_refused_by_name() {
    let refused = |e: Result<SkillGraph>, parts: &[&str]| {
        let message = e.unwrap_err().to_string();
        assert!(parts.iter().all(|p| message.contains(p)), "{message}");
    };
    let two = || SkillGraph::builder().skill("a", 1.0).skill("b", 1.0);
    refused(SkillGraph::builder().build(), &["skills = []", "empty"]);
    refused(SkillGraph::from_dot("digraph {}"), &["empty"]);
    refused(SkillGraph::from_toml(""), &["empty"]);
    refused(two().skill("a", 1.0).build(), &["skills[2] = a"]);
    refused(two().skill("c", 0.0).build(), &["p of `c` = 0"]);
    refused(two().gate("alpha", "b").build(), &["no skill `alpha`"]);
    refused(
        two().gate("a", Gate::and(["b", "bb"])).build(),
        &["no skill `bb`", "did you mean `b`?"],
    );
    refused(
        two().gate("a", "b").gate("a", "b").build(),
        &["the gate of `a`", "already"],
    );
    refused(two().gate("a", Gate::And(vec![])).build(), &["and()"]);
    refused(two().gate("a", "a").build(), &["a → a"]);
    let circle = two()
        .skill("c", 1.0)
        .gate("b", "a")
        .gate("c", "b")
        .gate("a", Gate::or(["c", "b"]));
    refused(circle.build(), &["a → b → c → a"]);

    refused(
        SkillGraph::from_dot("graph { a }"),
        &["line 1, column 1", "`digraph`"],
    );
    refused(
        SkillGraph::from_dot("digraph { a [p=1]\n b [p=x] }"),
        &["line 2, column 7", "p = x"],
    );
    refused(
        SkillGraph::from_dot("digraph { a [p=1];\n  a -> b }"),
        &["line 2, column 8", "`b` has no frequency"],
    );
    refused(
        SkillGraph::from_dot("digraph { a [p=1]; a -- b }"),
        &["column 22", "direction"],
    );
    refused(
        SkillGraph::from_dot("digraph { a [p=1]; subgraph x { } }"),
        &["subgraphs"],
    );
    refused(
        SkillGraph::from_dot("digraph { a [p=1, gate=\"and(a\"] }"),
        &["gate at line 1, column 24", "column 6"],
    );
    refused(
        SkillGraph::from_dot("digraph { a [p=1] b [p=1] c [p=1, gate=\"or(a)\"] b -> c }"),
        &["arrow b -> c"],
    );
    refused(
        SkillGraph::from_dot("digraph { \"a"),
        &["line 1, column 11", "not closed"],
    );
    refused(
        SkillGraph::from_dot("digraph { /* a"),
        &["line 1, column 11", "not closed"],
    );
    refused(
        SkillGraph::from_dot("digraph { a? }"),
        &["line 1, column 12", "`?`"],
    );

    refused(
        SkillGraph::from_toml("[[skill]]\nname = 'a'"),
        &["line 1, column 1", "no frequency"],
    );
    refused(
        SkillGraph::from_toml("[[skill]]\nname = 'a'\np = 'x'"),
        &["line 3, column 5", "a number"],
    );
    refused(
        SkillGraph::from_toml("[[skill]]\nname = 'a'\np = 1\nafer = 'b'"),
        &["line 4, column 1", "did you mean `after`?"],
    );
    refused(
        SkillGraph::from_toml("[[skill]]\nname = 'a'\np = 1\nafter = { some = ['b'] }"),
        &["line 4, column 11", "`some`"],
    );
    refused(SkillGraph::from_toml("[[skill]]\nname = "), &["line 2"]);
}

#[test]
fn bad_models_are_refused_by_name() {
    let model = || DependentResource::new(tree(), Gating::soft(0.1), 1.0).unwrap();
    let refused = |e: Result<DependentResource>, part: &str| {
        let message = e.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    refused(
        DependentResource::new(tree(), Gating::soft(0.0), 1.0),
        "gamma = 0",
    );
    refused(
        DependentResource::new(tree(), Gating::soft(1.0), -1.0),
        "eta = -1",
    );
    refused(model().with_waste(-1.0), "waste (N₀) = -1");
    refused(model().with_start(&[1.0; 6]), "6 unskills");
    refused(
        model().with_start(&[1.0, 1.0, 1.5, 1.0, 1.0, 1.0, 1.0]),
        "start[2] = 1.5",
    );
    let switch = Switch {
        skill: 7,
        p: 1.0,
        watched: 0,
        unskill: 0.5,
    };
    refused(model().with_switch(switch), "skill = 7");
    refused(
        model().with_switch(Switch {
            skill: 0,
            p: 0.0,
            ..switch
        }),
        "the switch's p = 0",
    );
}

#[test]
fn skills_learned_from_the_start_open_their_gates() {
    let graph = SkillGraph::chain(&[1.0, 1.0]).unwrap();
    let model = DependentResource::new(graph, Gating::soft(1e-4), 0.01)
        .unwrap()
        .with_waste(0.01)
        .unwrap();
    let model = model.with_start(&[0.0, 1.0]).unwrap();
    let free = Resource::new(Frequencies::uniform(1).unwrap(), 0.01)
        .unwrap()
        .with_waste(0.01)
        .unwrap();
    let times = grid(20, 150.0);
    let (a, b) = (
        model.ode(&times, &Flow::new(1e-12)).unwrap(),
        free.exact(&times).unwrap(),
    );
    for k in 0..20 {
        assert_eq!(a.unskill[[k, 0]], 0.0);
        assert!((a.unskill[[k, 1]] - b.unskill[[k, 0]]).abs() < 1e-9);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn random_graphs_are_solved_and_survive_dot(
        p in prop::collection::vec(0.01f64..5.0, 2..8),
        edges in prop::collection::vec(any::<bool>(), 28),
        or in prop::collection::vec(any::<bool>(), 8),
        gamma in 1e-3f64..1.0,
    ) {
        let mut builder = SkillGraph::builder();
        let mut next = edges.iter();
        for (i, p) in p.iter().enumerate() {
            builder = builder.skill(format!("s{i}"), *p);
            let from: Vec<String> = (0..i).filter(|_| *next.next().unwrap()).map(|j| format!("s{j}")).collect();
            if !from.is_empty() {
                builder = builder.gate(format!("s{i}"), if or[i] { Gate::or(from) } else { Gate::and(from) });
            }
        }
        let graph = builder.build().unwrap();
        let back = SkillGraph::from_dot(&graph.to_dot()).unwrap();
        prop_assert_eq!(back.ancestors(p.len() - 1), graph.ancestors(p.len() - 1));
        let model = DependentResource::new(graph, Gating::soft(gamma), 0.01).unwrap().with_waste(0.05).unwrap();
        let run = model.ode(&grid(30, 3000.0), &Flow::new(1e-8)).unwrap();
        for k in 1..30 {
            for i in 0..p.len() {
                prop_assert!(run.unskill[[k, i]] <= run.unskill[[k - 1, i]] + 1e-12);
                prop_assert!((0.0..=1.0).contains(&run.unskill[[k, i]]));
            }
        }
    }
}
