//! Three ReLUs with shared weights that make a parity of three bits: a network whose modes can be told apart (thesis, App. C.4).

use super::super::network::{Examples, Loss, Mlp, MlpTrainer};
use crate::error::{Error, Result};
use crate::optimizer::{Flow, Sgd};
use ndarray::Array2;

/// The eight inputs of Eq. C.7, in its order.
const INPUTS: [[f64; 3]; 8] = [
    [0.0, 0.0, 0.0],
    [0.0, 0.0, 1.0],
    [0.0, 1.0, 0.0],
    [0.0, 1.0, 1.0],
    [1.0, 0.0, 0.0],
    [1.0, 0.0, 1.0],
    [1.0, 1.0, 0.0],
    [1.0, 1.0, 1.0],
];

/// The network of Eq. C.8 and C.9, $f = -2\alpha^2 h_1 + \beta^2 h_2 + \gamma^2 h_3 + c$ with
/// $h_1 = \sigma(x_2 - x_1 - x_3)$, $h_2 = \sigma(1 - x_1 + x_2 - x_3)$, $h_3 = \sigma(x_1 - x_2 + x_3 - 1)$, for the parity of three bits, ±S.
///
/// A state is $(\alpha^2, \beta^2, \gamma^2, c)$; time is ηt; the loss is $\tfrac12\sum_j (f(X_j) - Y_j)^2$ over the eight inputs.
///
/// ```
/// use scurve::model::layerwise::SharedParity;
/// let net = SharedParity::new(5.0)?;
/// // α = β = γ = √(2S), c = −S is the parity, and its modes have ½, ¼ and ¼ of it
/// let end = [10.0, 10.0, 10.0, -5.0];
/// assert_eq!(net.loss(end), 0.0);
/// assert_eq!(net.strengths(end), [0.5, 0.25, 0.25]);
/// assert_eq!(net.velocity(end), [0.0; 4]);
/// // Eq. C.15 as printed takes the first mode away
/// assert!(net.velocity([0.1, 0.0, 0.0, 0.0])[0] > 0.0);
/// assert!(net.velocity_as_printed([0.1, 0.0, 0.0, 0.0])[0] < 0.0);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharedParity {
    scale: f64,
}

impl SharedParity {
    /// With target scale S.
    ///
    /// # Errors
    /// S not finite and > 0.
    pub fn new(scale: f64) -> Result<Self> {
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(Error::setting("scale", scale, "a finite number > 0"));
        }
        Ok(Self { scale })
    }

    /// S.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The targets Y of Eq. C.7.
    pub fn targets(&self) -> [f64; 8] {
        INPUTS.map(|x| {
            let odd = x.iter().sum::<f64>() % 2.0 == 1.0;
            if odd { -self.scale } else { self.scale }
        })
    }

    /// h₁, h₂ and h₃ at the eight inputs.
    pub fn hidden() -> [[f64; 3]; 8] {
        INPUTS.map(|[x, y, z]| {
            let s = y - x - z;
            [s.max(0.0), (1.0 + s).max(0.0), (-s - 1.0).max(0.0)]
        })
    }

    /// f at the eight inputs.
    pub fn outputs(&self, [a, b, g, c]: [f64; 4]) -> [f64; 8] {
        Self::hidden().map(|h| -2.0 * a * h[0] + b * h[1] + g * h[2] + c)
    }

    /// ½ Σ (f − Y)².
    pub fn loss(&self, state: [f64; 4]) -> f64 {
        let pairs = self.outputs(state).into_iter().zip(self.targets());
        0.5 * pairs.map(|(f, y)| (f - y).powi(2)).sum::<f64>()
    }

    /// 𝓡^{(q)} of each mode (Eq. C.13), of which the parity has 1 in sum.
    pub fn strengths(&self, [a, b, g, _]: [f64; 4]) -> [f64; 3] {
        [
            a / (4.0 * self.scale),
            b / (8.0 * self.scale),
            g / (8.0 * self.scale),
        ]
    }

    /// The gradient flow of α², β², γ² and c: Eq. C.15–C.18 with their signs and factors mended,
    /// $$\tfrac{d\alpha^2}{dt} = 8\eta\alpha^2(S - 2\alpha^2 + 2\beta^2 + c), \quad \tfrac{d\beta^2}{dt} = 4\eta\beta^2(S + 4\alpha^2 - 7\beta^2 - 5c),$$
    /// $$\tfrac{d\gamma^2}{dt} = 4\eta\gamma^2(S - \gamma^2 - c), \quad \tfrac{dc}{dt} = \eta(2\alpha^2 - 5\beta^2 - \gamma^2 - 8c) .$$
    pub fn velocity(&self, [a, b, g, c]: [f64; 4]) -> [f64; 4] {
        let s = self.scale;
        [
            8.0 * a * (s - 2.0 * a + 2.0 * b + c),
            4.0 * b * (s + 4.0 * a - 7.0 * b - 5.0 * c),
            4.0 * g * (s - g - c),
            2.0 * a - 5.0 * b - g - 8.0 * c,
        ]
    }

    /// Eq. C.15–C.18 as they are printed, which is no gradient of this network.
    pub fn velocity_as_printed(&self, [a, b, g, c]: [f64; 4]) -> [f64; 4] {
        let s = self.scale;
        [
            2.0 * a * (-s - (-2.0 * a + 2.0 * b + c)),
            -b * (s - (-2.0 * a + 5.0 * b + 5.0 * c)),
            -g * (s - (g + c)),
            -(2.0 * a - 5.0 * b - g - 8.0 * c),
        ]
    }

    /// The same by the backward pass of a 3-3-1 network that has the weights C.9, its gradient by them summed up to α, β, γ and c.
    ///
    /// # Errors
    /// A negative square.
    pub fn velocity_of_network(&self, [a, b, g, c]: [f64; 4]) -> Result<[f64; 4]> {
        for (field, square) in [("alpha²", a), ("beta²", b), ("gamma²", g)] {
            if square.is_nan() || square < 0.0 {
                return Err(Error::setting(field, square, "a number ≥ 0"));
            }
        }
        const SIGNS: [f64; 3] = [-1.0, 1.0, -1.0];
        let roots = [a.sqrt(), b.sqrt(), g.sqrt()];
        // Of each parameter in the order of `Mlp::init`: which root it is, and times what.
        let mut shared: Vec<(usize, f64)> = Vec::new();
        for sign in SIGNS {
            shared.extend([(0, sign), (1, sign), (2, -sign)]);
        }
        shared.extend([(0, 0.0), (1, 1.0), (2, -1.0)]);
        shared.extend([(0, -2.0), (1, 1.0), (2, 1.0)]);
        let mut params: Vec<f64> = shared.iter().map(|(q, times)| times * roots[*q]).collect();
        params.push(c);
        let net = Mlp::new([3, 3, 1]);
        let mut net =
            MlpTrainer::<f64>::with_params(&net, Loss::HalfSquares, Sgd::new(1.0), &params)?;
        let inputs = Array2::from_shape_fn((8, 3), |(j, i)| INPUTS[j][i]);
        let targets = Array2::from_shape_fn((8, 1), |(j, _)| self.targets()[j]);
        let (_, slope) = net.gradient(&Examples::new(inputs, targets)?)?;
        // The loss of the network is a mean over the inputs.
        let mut velocity = [0.0; 4];
        for ((q, times), slope) in shared.iter().zip(slope) {
            velocity[*q] -= 8.0 * times * slope * 2.0 * roots[*q];
        }
        velocity[3] = -8.0 * slope[slope.len() - 1];
        Ok(velocity)
    }

    /// The flow from a state at t = 0, at `times`.
    ///
    /// # Errors
    /// Times that descend or are negative; a path that takes too many steps.
    pub fn flow(&self, start: [f64; 4], times: &[f64]) -> Result<Vec<[f64; 4]>> {
        let path = Flow::new(1e-11).integrate(
            |_, state, velocity| {
                velocity.copy_from_slice(&self.velocity([state[0], state[1], state[2], state[3]]));
            },
            &start,
            times,
        )?;
        let states = path.states.outer_iter();
        Ok(states.map(|s| [s[0], s[1], s[2], s[3]]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flow_is_the_gradient_by_finite_differences_and_by_the_network() {
        let net = SharedParity::new(2.0).unwrap();
        for state in [[0.3, 1.2, 0.7, -0.4], [4.0, 0.1, 2.0, 1.0]] {
            let by_network = net.velocity_of_network(state).unwrap();
            let velocity = net.velocity(state);
            for q in 0..4 {
                // α moves by −dL/dα, so α² by −4α² dL/dα²
                let step = 1e-5;
                let (mut up, mut down) = (state, state);
                up[q] += step;
                down[q] -= step;
                let slope = (net.loss(up) - net.loss(down)) / (2.0 * step);
                let metric = if q < 3 { 4.0 * state[q] } else { 1.0 };
                assert!(
                    (velocity[q] + metric * slope).abs() < 1e-7,
                    "{q} {velocity:?}"
                );
                assert!((velocity[q] - by_network[q]).abs() < 1e-12, "{q}");
            }
            assert_ne!(net.velocity_as_printed(state), velocity);
        }
    }

    #[test]
    fn outputs_are_those_of_the_paper() {
        let net = SharedParity::new(3.0).unwrap();
        assert_eq!(net.targets(), [3.0, -3.0, -3.0, 3.0, -3.0, 3.0, 3.0, -3.0]);
        let end = [6.0, 6.0, 6.0, -3.0];
        assert_eq!(net.outputs(end), net.targets());
        // Eq. C.13 by its definition: Yᵀ f^(q) / 8S²
        let hidden = SharedParity::hidden();
        for (q, weight) in [-2.0 * 0.7, 0.4, 0.9].into_iter().enumerate() {
            let dot: f64 = (0..8)
                .map(|j| net.targets()[j] * weight * hidden[j][q])
                .sum();
            let own = net.strengths([0.7, 0.4, 0.9, 0.3])[q];
            assert!((dot / 72.0 - own).abs() < 1e-15);
        }
        let path = net.flow([1e-3, 1e-3, 1e-3, 0.0], &[0.0, 20.0]).unwrap();
        assert!(net.loss(path[1]) < 1e-10, "{path:?}");
    }

    #[test]
    fn bad_input_is_refused_by_name() {
        let error = SharedParity::new(0.0).unwrap_err().to_string();
        assert!(error.contains("scale = 0"), "{error}");
        let net = SharedParity::new(1.0).unwrap();
        let error = net.velocity_of_network([1.0, -1.0, 0.0, 0.0]).unwrap_err();
        assert!(error.to_string().contains("beta² = -1"), "{error}");
    }
}
