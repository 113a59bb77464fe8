//! The first layer, which uses the form of the inputs.

use super::product::{Side, product};
use super::{Inputs, Layer, Mlp};
use crate::model::network::ActivationReal;
use crate::optimizer::Real;
use std::ops::Range;

/// For tokens: what each token adds to the first layer in each place, s E W_j, places × vocabulary × units. A batch of thousands of examples then costs
/// one product with the vocabulary and a look-up for each example.
#[derive(Clone, Debug)]
pub(super) struct Tables<T> {
    numbers: Vec<T>,
    vocabulary: usize,
}

impl<T> Default for Tables<T> {
    fn default() -> Self {
        Self {
            numbers: Vec::new(),
            vocabulary: 0,
        }
    }
}

impl<T: ActivationReal> Tables<T> {
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// From the present parameters; empty when the inputs are no tokens.
    pub fn fill(
        &mut self,
        net: &Mlp,
        layer: &Layer,
        params: &[T],
        embedding: &Option<Range<usize>>,
        inputs: &Inputs<T>,
    ) {
        let (Inputs::Tokens(_), Some(e), Some(place)) = (inputs, net.embedding, embedding) else {
            self.numbers.clear();
            return;
        };
        self.vocabulary = e.vocabulary;
        self.numbers
            .resize(net.tokens() * e.vocabulary * layer.outputs, T::ZERO);
        let vectors = Side::new(&params[place.clone()], e.dimension);
        let weight = &params[layer.weight.clone()];
        for (table, weight) in self
            .numbers
            .chunks_exact_mut(e.vocabulary * layer.outputs)
            .zip(weight.chunks_exact(e.dimension * layer.outputs))
        {
            product(
                table,
                false,
                T::from_f64(net.input_scale),
                vectors,
                Side::new(weight, layer.outputs),
                (e.vocabulary, e.dimension, layer.outputs),
            );
        }
    }

    /// z ← z + s x W for some examples.
    pub fn forward(
        &self,
        layer: &Layer,
        weight: &[T],
        inputs: &Inputs<T>,
        rows: Range<usize>,
        scale: T,
        z: &mut [T],
    ) {
        let units = layer.outputs;
        match inputs {
            Inputs::Dense(x) => {
                let width = x.ncols();
                let x = &x.as_slice().unwrap_or_default()[rows.start * width..rows.end * width];
                let shape = (rows.len(), width, units);
                product(
                    z,
                    true,
                    scale,
                    Side::new(x, width),
                    Side::new(weight, units),
                    shape,
                );
            }
            Inputs::Controlled {
                control,
                controls,
                rest,
            } => {
                for (z, k) in z.chunks_exact_mut(units).zip(&control[rows.clone()]) {
                    let row = &weight[*k as usize * units..][..units];
                    z.iter_mut().zip(row).for_each(|(z, w)| *z += scale * *w);
                }
                let width = rest.ncols();
                let x = &rest.as_slice().unwrap_or_default()[rows.start * width..rows.end * width];
                let shape = (rows.len(), width, units);
                let weight = Side::new(&weight[controls * units..], units);
                product(z, true, scale, Side::new(x, width), weight, shape);
            }
            Inputs::Tokens(tokens) => {
                let places = tokens.ncols();
                let tokens =
                    &tokens.as_slice().unwrap_or_default()[rows.start * places..rows.end * places];
                for (z, tokens) in z.chunks_exact_mut(units).zip(tokens.chunks_exact(places)) {
                    for (place, token) in tokens.iter().enumerate() {
                        let at = (place * self.vocabulary + *token as usize) * units;
                        let row = &self.numbers[at..at + units];
                        z.iter_mut().zip(row).for_each(|(z, w)| *z += *w);
                    }
                }
            }
        }
    }

    /// From the gradient by the tables to that by the embedding and the first layer's weights.
    pub fn backward(
        net: &Mlp,
        layer: &Layer,
        params: &[T],
        embedding: &Option<Range<usize>>,
        tables: &[T],
        gradient: &mut [T],
    ) {
        let (Some(e), Some(place)) = (net.embedding, embedding) else {
            return;
        };
        let units = layer.outputs;
        let scale = T::from_f64(net.input_scale);
        let vectors = &params[place.clone()];
        let weight = &params[layer.weight.clone()];
        for (j, table) in tables.chunks_exact(e.vocabulary * units).enumerate() {
            let part = j * e.dimension * units..(j + 1) * e.dimension * units;
            let own = layer.weight.start;
            product(
                &mut gradient[own + part.start..own + part.end],
                false,
                scale,
                Side::new(vectors, e.dimension).transposed(),
                Side::new(table, units),
                (e.dimension, e.vocabulary, units),
            );
            product(
                &mut gradient[place.clone()],
                j > 0,
                scale,
                Side::new(table, units),
                Side::new(&weight[part], units).transposed(),
                (e.vocabulary, units, e.dimension),
            );
        }
    }
}

/// Adds xᵀ δ to the gradient of the first layer's weights, or of the tables.
pub(super) fn backward<T: Real>(
    layer: &Layer,
    inputs: &Inputs<T>,
    rows: Range<usize>,
    scale: T,
    delta: &[T],
    weight: &mut [T],
    tables: &mut [T],
) {
    let units = layer.outputs;
    match inputs {
        Inputs::Dense(x) => {
            let width = x.ncols();
            let x = &x.as_slice().unwrap_or_default()[rows.start * width..rows.end * width];
            let shape = (width, rows.len(), units);
            product(
                weight,
                true,
                scale,
                Side::new(x, width).transposed(),
                Side::new(delta, units),
                shape,
            );
        }
        Inputs::Controlled {
            control,
            controls,
            rest,
        } => {
            for (delta, k) in delta.chunks_exact(units).zip(&control[rows.clone()]) {
                let row = &mut weight[*k as usize * units..][..units];
                row.iter_mut()
                    .zip(delta)
                    .for_each(|(w, d)| *w += scale * *d);
            }
            let width = rest.ncols();
            let x = &rest.as_slice().unwrap_or_default()[rows.start * width..rows.end * width];
            let shape = (width, rows.len(), units);
            let weight = &mut weight[controls * units..];
            product(
                weight,
                true,
                scale,
                Side::new(x, width).transposed(),
                Side::new(delta, units),
                shape,
            );
        }
        Inputs::Tokens(tokens) => {
            let places = tokens.ncols();
            let vocabulary = tables.len() / (places * units).max(1);
            let tokens =
                &tokens.as_slice().unwrap_or_default()[rows.start * places..rows.end * places];
            for (delta, tokens) in delta.chunks_exact(units).zip(tokens.chunks_exact(places)) {
                for (place, token) in tokens.iter().enumerate() {
                    let at = (place * vocabulary + *token as usize) * units;
                    let row = &mut tables[at..at + units];
                    row.iter_mut().zip(delta).for_each(|(w, d)| *w += *d);
                }
            }
        }
    }
}
