"""LibTorch, LAPACK and polars live in one process, export some of the same names, and must not mind who comes first."""

import pytest

PRELUDE = "use scurve::prelude::*;"

TRAIN = """
{
    use scurve::burn::tensor::{Distribution, Tensor};
    let device = DeviceKind::from_env().unwrap().device().unwrap().autodiff();
    device.seed(7);
    let x = Tensor::<2>::random([64, 8], Distribution::Default, &device);
    let y = x.clone().sum_dim(1);
    let mut w = Tensor::<2>::zeros([8, 1], &device).require_grad();
    let (mut first, mut last) = (0.0, 0.0);
    for step in 0..200 {
        let loss = (x.clone().matmul(w.clone()) - y.clone()).powf_scalar(2.0).mean();
        last = loss.clone().into_scalar::<f32>();
        if step == 0 { first = last; }
        let grads = loss.backward();
        let slope = w.grad(&grads).unwrap();
        w = Tensor::from_inner(w.inner() - slope * 0.1).require_grad();
    }
    println!("trained {}", last < first / 20.0);
}
"""

DECOMPOSE = """
{
    let m = Seed(5).normal("init", 40, 30);
    let svd = scurve::linalg::svd(&m).unwrap();
    let gram = m.t().dot(&m);
    let (values, vectors) = scurve::linalg::eigh(&gram).unwrap();
    let largest = values.iter().cloned().fold(0.0, f64::max).sqrt();
    let s = scurve::linalg::singular_values(&m).unwrap();
    let top = s.iter().cloned().fold(0.0, f64::max);
    let rest = gram.dot(&vectors) - &vectors * &values;
    println!("decomposed {}", (largest / top - 1.0).abs() < 1e-12 && rest.iter().all(|x| x.abs() < 1e-10));
}
"""

FRAME = """
{
    use scurve::polars::prelude::*;
    let frame = df!("x" => [1.0, 2.0, 3.0], "y" => ["a", "b", "a"]).unwrap();
    let sums = frame.lazy().group_by([col("y")]).agg([col("x").sum()]).sort(["y"], Default::default()).collect().unwrap();
    println!("framed {}", sums.height() == 2);
}
"""

SAYS = {TRAIN: "trained true", DECOMPOSE: "decomposed true", FRAME: "framed true"}


@pytest.mark.parametrize("order", [(TRAIN, DECOMPOSE, FRAME), (DECOMPOSE, TRAIN, FRAME), (FRAME, DECOMPOSE, TRAIN, DECOMPOSE)])
def test_every_order_gives_right_results(kernel, order):
    session = kernel("run")
    assert session.run(PRELUDE).ok
    for code in order:
        reply = session.run(code)
        assert reply.ok, reply.error + reply.stderr
        assert reply.stdout.strip() == SAYS[code]


def test_in_threads_at_once(kernel):
    session = kernel("run")
    assert session.run(PRELUDE).ok
    code = f"std::thread::scope(|s| {{ s.spawn(|| {{ {TRAIN} }}); s.spawn(|| {{ {DECOMPOSE} }}); }});"
    reply = session.run(code)
    assert reply.ok, reply.error + reply.stderr
    assert sorted(reply.stdout.split("\n"))[-2:] == ["decomposed true", "trained true"], reply.stdout
