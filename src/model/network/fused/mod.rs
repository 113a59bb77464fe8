//! Loss and gradient of an [`Mlp`], written by hand.
//!
//! Examples go through all layers in chunks whose activations stay in the second-level cache; a chunk adds its part to the gradient of its group, and
//! groups run in parallel. How examples are divided depends on their number and the network alone, and groups are added in order: the result does not
//! depend on the number of threads.

mod first;
mod product;

use super::{ActivationReal, Examples, Inputs, Loss, Mlp};
use crate::error::Result;
use first::Tables;
use ndarray::Array2;
use product::{Side, product};
use rayon::prelude::*;
use std::ops::Range;

/// Bytes of activations of a chunk: half of a second-level cache of 1 MB.
const CHUNK: usize = 1 << 19;

/// Where the weights and biases of a layer lie.
#[derive(Clone, Debug)]
struct Layer {
    weight: Range<usize>,
    bias: Option<Range<usize>>,
    inputs: usize,
    outputs: usize,
}

/// A network prepared for calculating, with its scratch memory.
#[derive(Clone, Debug)]
pub(super) struct Fused<T> {
    net: Mlp,
    layers: Vec<Layer>,
    embedding: Option<Range<usize>>,
    /// Parameters that do not exist.
    absent: Option<Vec<usize>>,
    tables: Tables<T>,
    groups: Vec<Group<T>>,
}

/// What one group of chunks owns.
#[derive(Clone, Debug)]
struct Group<T> {
    rows: Range<usize>,
    loss: f64,
    gradient: Vec<T>,
    tables: Vec<T>,
    scratch: Scratch<T>,
}

/// Activations h and slopes φ′ of a chunk, layer after layer, and two buffers for what runs backwards.
#[derive(Clone, Debug)]
struct Scratch<T> {
    rows: usize,
    h: Vec<Vec<T>>,
    slope: Vec<Vec<T>>,
    delta: Vec<T>,
    before: Vec<T>,
}

impl<T: ActivationReal> Scratch<T> {
    fn new(net: &Mlp, rows: usize) -> Self {
        let outputs = &net.widths[1..];
        let buffer = |width: &usize| vec![T::ZERO; rows * width];
        let widest = net.widths.iter().max().copied().unwrap_or(0);
        Self {
            rows,
            h: outputs.iter().map(buffer).collect(),
            slope: outputs.iter().map(buffer).collect(),
            delta: vec![T::ZERO; rows * widest],
            before: vec![T::ZERO; rows * widest],
        }
    }
}

impl<T: ActivationReal> Fused<T> {
    pub fn new(net: &Mlp) -> Result<Self> {
        net.validate()?;
        let slots = net.slots();
        let mut layers = Vec::new();
        for slot in slots.iter().filter(|s| s.is_weight()) {
            let end = slot.end();
            layers.push(Layer {
                weight: slot.start..end,
                bias: net.bias.then(|| end..end + slot.columns),
                inputs: slot.rows,
                outputs: slot.columns,
            });
        }
        let embedding = slots.iter().find(|s| s.is_embedding());
        Ok(Self {
            layers,
            embedding: embedding.map(|s| s.start..s.end()),
            absent: net.mask().map(|mask| {
                let absent = mask.iter().enumerate().filter(|(_, kept)| !**kept);
                absent.map(|(i, _)| i).collect()
            }),
            tables: Tables::default(),
            groups: Vec::new(),
            net: net.clone(),
        })
    }

    pub fn net(&self) -> &Mlp {
        &self.net
    }

    /// The parameters of layer `from` and all after it.
    pub fn tail(&self, from: usize) -> Range<usize> {
        let start = if from == 0 {
            0
        } else {
            self.layers[from].weight.start
        };
        start..self.net.len()
    }

    /// Examples of a chunk.
    fn chunk(&self) -> usize {
        let numbers: usize = self.net.widths.iter().map(|w| 2 * w).sum();
        (CHUNK / (numbers * size_of::<T>())).clamp(16, 512) & !7
    }

    /// The loss of `examples`, and its gradient by all parameters of the layers from `from` on into `gradient`; the rest of it is left as it was.
    pub fn gradient(
        &mut self,
        params: &[T],
        examples: &Examples<T>,
        loss: Loss,
        from: usize,
        gradient: &mut [T],
    ) -> Result<f64> {
        examples.inputs.check(&self.net)?;
        loss.check(&examples.targets, self.net.outputs())?;
        let n = examples.len();
        self.divide(n);
        let tail = self.tail(from);
        self.tables.fill(
            &self.net,
            &self.layers[0],
            params,
            &self.embedding,
            &examples.inputs,
        );
        let mut groups = std::mem::take(&mut self.groups);
        let own_tables = if from == 0 { self.tables.len() } else { 0 };
        let work = |group: &mut Group<T>| {
            group.loss = 0.0;
            group.gradient.clear();
            group.gradient.resize(tail.len(), T::ZERO);
            group.tables.clear();
            group.tables.resize(own_tables, T::ZERO);
            let step = group.scratch.rows;
            let mut start = group.rows.start;
            while start < group.rows.end {
                let rows = start..(start + step).min(group.rows.end);
                self.forward(params, &examples.inputs, rows.clone(), &mut group.scratch);
                group.loss += self.backward(params, examples, loss, from, rows.clone(), n, group);
                start = rows.end;
            }
        };
        if let [group] = groups.as_mut_slice() {
            work(group);
        } else {
            groups.par_iter_mut().for_each(work);
        }
        let place = &mut gradient[tail];
        place.copy_from_slice(&groups[0].gradient);
        for group in &groups[1..] {
            place
                .iter_mut()
                .zip(&group.gradient)
                .for_each(|(sum, g)| *sum += *g);
        }
        if own_tables > 0 {
            let (first, rest) = groups.split_at_mut(1);
            for group in rest {
                let sums = first[0].tables.iter_mut();
                sums.zip(&group.tables).for_each(|(sum, g)| *sum += *g);
            }
            Tables::backward(
                &self.net,
                &self.layers[0],
                params,
                &self.embedding,
                &first[0].tables,
                gradient,
            );
        }
        if let Some(absent) = &self.absent {
            absent.iter().for_each(|i| gradient[*i] = T::ZERO);
        }
        let value = groups.iter().map(|group| group.loss).sum();
        self.groups = groups;
        Ok(value)
    }

    /// Divides `n` examples among groups: a few, as each has a gradient of its own.
    fn divide(&mut self, n: usize) {
        let most = if self.net.len() > 1 << 17 { 2 } else { 4 };
        let count = n.div_ceil(64).clamp(1, most);
        let size = n.div_ceil(count);
        let chunk = self.chunk().min(size);
        if self.groups.len() != count || self.groups[0].scratch.rows != chunk {
            let group = Group {
                rows: 0..0,
                loss: 0.0,
                gradient: Vec::new(),
                tables: Vec::new(),
                scratch: Scratch::new(&self.net, chunk),
            };
            self.groups = vec![group; count];
        }
        for (g, group) in self.groups.iter_mut().enumerate() {
            group.rows = (g * size).min(n)..((g + 1) * size).min(n);
        }
    }

    /// h of all layers for some examples; the last is s_out times the last layer.
    fn forward(
        &self,
        params: &[T],
        inputs: &Inputs<T>,
        rows: Range<usize>,
        scratch: &mut Scratch<T>,
    ) {
        let n = rows.len();
        let last = self.layers.len() - 1;
        for (l, layer) in self.layers.iter().enumerate() {
            let (done, rest) = scratch.h.split_at_mut(l);
            let z = &mut rest[0][..n * layer.outputs];
            match &layer.bias {
                Some(bias) => {
                    let bias = &params[bias.clone()];
                    z.chunks_exact_mut(layer.outputs)
                        .for_each(|z| z.copy_from_slice(bias));
                }
                None => z.fill(T::ZERO),
            }
            let weight = &params[layer.weight.clone()];
            if l == 0 {
                let scale = T::from_f64(self.net.input_scale);
                self.tables
                    .forward(layer, weight, inputs, rows.clone(), scale, z);
            } else {
                let h = &done[l - 1][..n * layer.inputs];
                product(
                    z,
                    true,
                    T::ONE,
                    Side::new(h, layer.inputs),
                    Side::new(weight, layer.outputs),
                    (n, layer.inputs, layer.outputs),
                );
            }
            if l < last {
                self.net
                    .activation
                    .apply(z, &mut scratch.slope[l][..n * layer.outputs]);
            } else if self.net.output_scale != 1.0 {
                let scale = T::from_f64(self.net.output_scale);
                z.iter_mut().for_each(|z| *z *= scale);
            }
        }
    }

    /// Adds the gradient of some examples, for which `forward` has just run, and returns their part of the loss.
    #[allow(clippy::too_many_arguments)]
    fn backward(
        &self,
        params: &[T],
        examples: &Examples<T>,
        loss: Loss,
        from: usize,
        rows: Range<usize>,
        n: usize,
        group: &mut Group<T>,
    ) -> f64 {
        let count = rows.len();
        let base = self.tail(from).start;
        let last = self.layers.len() - 1;
        let Group {
            gradient,
            tables,
            scratch,
            ..
        } = group;
        let outputs = self.net.outputs();
        let delta = &mut scratch.delta[..count * outputs];
        delta.copy_from_slice(&scratch.h[last][..count * outputs]);
        let value = loss.backward(delta, outputs, &examples.targets, rows.clone(), n);
        if self.net.output_scale != 1.0 {
            let scale = T::from_f64(self.net.output_scale);
            delta.iter_mut().for_each(|d| *d *= scale);
        }
        for l in (from..=last).rev() {
            let layer = &self.layers[l];
            let delta = &scratch.delta[..count * layer.outputs];
            if let Some(bias) = &layer.bias {
                let sums = &mut gradient[bias.start - base..bias.end - base];
                for row in delta.chunks_exact(layer.outputs) {
                    sums.iter_mut().zip(row).for_each(|(sum, d)| *sum += *d);
                }
            }
            let own = layer.weight.start.wrapping_sub(base);
            if l == 0 {
                let scale = T::from_f64(self.net.input_scale);
                let weight = &mut gradient[own..own + layer.weight.len()];
                first::backward(
                    layer,
                    &examples.inputs,
                    rows.clone(),
                    scale,
                    delta,
                    weight,
                    tables,
                );
                break;
            }
            let shape = (layer.inputs, count, layer.outputs);
            let h = &scratch.h[l - 1][..count * layer.inputs];
            product(
                &mut gradient[own..own + layer.weight.len()],
                true,
                T::ONE,
                Side::new(h, layer.inputs).transposed(),
                Side::new(delta, layer.outputs),
                shape,
            );
            if l > from {
                let before = &mut scratch.before[..count * layer.inputs];
                let weight = &params[layer.weight.clone()];
                product(
                    before,
                    false,
                    T::ONE,
                    Side::new(delta, layer.outputs),
                    Side::new(weight, layer.outputs).transposed(),
                    (count, layer.outputs, layer.inputs),
                );
                let slope = &scratch.slope[l - 1][..count * layer.inputs];
                before.iter_mut().zip(slope).for_each(|(d, s)| *d *= *s);
                std::mem::swap(&mut scratch.delta, &mut scratch.before);
            }
        }
        value
    }

    /// h of layer `layer` (counted from 0; the last is the output) for all examples.
    pub fn layer(&mut self, params: &[T], inputs: &Inputs<T>, layer: usize) -> Result<Array2<T>> {
        inputs.check(&self.net)?;
        let width = self.layers[layer].outputs;
        let n = inputs.len();
        self.tables
            .fill(&self.net, &self.layers[0], params, &self.embedding, inputs);
        let mut out = Array2::from_elem((n, width), T::ZERO);
        let chunk = self.chunk().min(n);
        let place = out.as_slice_mut().unwrap_or_default();
        let this = &*self;
        place
            .par_chunks_mut(chunk * width)
            .enumerate()
            .for_each_init(
                || Scratch::new(&this.net, chunk),
                |scratch, (c, place)| {
                    let rows = c * chunk..c * chunk + place.len() / width;
                    this.forward(params, inputs, rows, scratch);
                    place.copy_from_slice(&scratch.h[layer][..place.len()]);
                },
            );
        Ok(out)
    }
}
