//! Checkpoints: a trainer's parameters and what its optimizer remembers, in one safetensors file.

use super::Loss;
use crate::error::{Error, Result};
use crate::optimizer::{Optimizer, Real};
use crate::table::write_atomic;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;

/// What is written beside the numbers, all as text: safetensors has no other metadata.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub kind: &'static str,
    pub architecture: String,
    pub loss: String,
    pub optimizer: Optimizer,
    pub last_layer_only: bool,
    pub steps: usize,
}

impl Header {
    pub fn new<N: Serialize>(
        kind: &'static str,
        net: &N,
        loss: Loss,
        optimizer: &Optimizer,
        last_layer_only: bool,
        steps: usize,
    ) -> Self {
        Self {
            kind,
            architecture: json(net),
            loss: json(&loss),
            optimizer: *optimizer,
            last_layer_only,
            steps,
        }
    }

    fn written(&self) -> HashMap<String, String> {
        let lr = self.optimizer.lr();
        [
            ("scurve.kind", self.kind.to_owned()),
            ("scurve.architecture", self.architecture.clone()),
            ("scurve.loss", self.loss.clone()),
            ("scurve.optimizer", json(&self.optimizer.with_lr(1.0))),
            // As bits: what is read back is the same number.
            ("scurve.lr", format!("{:016x}", lr.to_bits())),
            ("scurve.last_layer_only", self.last_layer_only.to_string()),
            ("scurve.steps", self.steps.to_string()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }
}

fn json<S: Serialize>(value: &S) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// One tensor of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub name: String,
    pub shape: Vec<usize>,
    pub wide: bool,
    pub bytes: Vec<u8>,
}

impl Entry {
    /// Numbers of kind `T`, bit for bit.
    pub fn new<T: Real>(name: String, shape: Vec<usize>, numbers: &[T]) -> Self {
        let wide = T::NAME == f64::NAME;
        let bytes = if wide {
            numbers
                .iter()
                .flat_map(|x| x.to_f64().to_le_bytes())
                .collect()
        } else {
            let narrow = |x: &T| (x.to_f64() as f32).to_le_bytes();
            numbers.iter().flat_map(narrow).collect()
        };
        Self {
            name,
            shape,
            wide,
            bytes,
        }
    }

    /// Count of numbers.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The numbers again.
    pub fn numbers<T: Real>(&self) -> Vec<T> {
        if self.wide {
            let words = self.bytes.as_chunks::<8>().0;
            words
                .iter()
                .map(|b| T::from_f64(f64::from_le_bytes(*b)))
                .collect()
        } else {
            single(&self.bytes).map(|x| T::from_f64(x.into())).collect()
        }
    }

    fn dtype(&self) -> Dtype {
        if self.wide { Dtype::F64 } else { Dtype::F32 }
    }
}

/// Writes a checkpoint, whole or not at all.
pub(super) fn write(path: &Path, header: &Header, entries: &[Entry]) -> Result<()> {
    let broken = |e: safetensors::SafeTensorError| Error::Corrupt {
        path: path.to_owned(),
        why: e.to_string(),
        aside: None,
    };
    let views = entries.iter().map(|e| {
        let view = TensorView::new(e.dtype(), e.shape.clone(), &e.bytes)?;
        Ok((e.name.clone(), view))
    });
    let views = views.collect::<Result<Vec<_>, _>>().map_err(broken)?;
    let bytes = safetensors::serialize(views, Some(header.written())).map_err(broken)?;
    write_atomic(path, &bytes)
}

/// Reads a checkpoint that fits `header` and has the tensors that `expected` names; returns its step size, steps and tensors, in that order.
///
/// # Errors
/// A file that cannot be read or is no checkpoint; one of another architecture, loss or optimizer, naming both.
pub(super) fn read(
    path: &Path,
    header: &Header,
    expected: &[Entry],
) -> Result<(f64, usize, Vec<Entry>)> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    let corrupt = |why: String| Error::Corrupt {
        path: path.to_owned(),
        why,
        aside: None,
    };
    let tensors = SafeTensors::deserialize(&bytes)
        .map_err(|e| corrupt(format!("no safetensors file: {e}")))?;
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| corrupt(e.to_string()))?;
    let found = metadata.metadata().clone().unwrap_or_default();
    let get = |key: &str| {
        found
            .get(key)
            .ok_or_else(|| corrupt(format!("no checkpoint of scurve: {key} is missing")))
    };
    let wanted = header.written();
    for key in [
        "scurve.kind",
        "scurve.architecture",
        "scurve.loss",
        "scurve.optimizer",
        "scurve.last_layer_only",
    ] {
        let (found, wanted) = (get(key)?, &wanted[key]);
        if found != wanted {
            let name = key.trim_start_matches("scurve.");
            return Err(Error::setting(
                format!("{name} of {}", path.display()),
                found,
                format!("{wanted}, as in the trainer that takes it up"),
            ));
        }
    }
    let lr = u64::from_str_radix(get("scurve.lr")?, 16).map(f64::from_bits);
    let lr = lr.map_err(|e| corrupt(format!("scurve.lr: {e}")))?;
    let steps = get("scurve.steps")?.parse();
    let steps = steps.map_err(|e| corrupt(format!("scurve.steps: {e}")))?;
    let mut entries = Vec::with_capacity(expected.len());
    for entry in expected {
        let view = tensors
            .tensor(&entry.name)
            .map_err(|_| corrupt(format!("tensor {} is missing", entry.name)))?;
        if view.shape() != entry.shape || view.dtype() != entry.dtype() {
            return Err(corrupt(format!(
                "tensor {} is {:?} of {:?}, not {:?} of {:?}",
                entry.name,
                view.dtype(),
                view.shape(),
                entry.dtype(),
                entry.shape
            )));
        }
        entries.push(Entry {
            bytes: view.data().to_vec(),
            ..entry.clone()
        });
    }
    Ok((lr, steps, entries))
}

fn single(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let words = bytes.as_chunks::<4>().0;
    words.iter().map(|b| f32::from_le_bytes(*b))
}

/// What the optimizer remembers of each of `count` parameters, in slots.
pub(super) fn optimizer_slots(path: &Path, count: usize) -> Result<Vec<Vec<Vec<f32>>>> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|e| Error::Corrupt {
        path: path.to_owned(),
        why: e.to_string(),
        aside: None,
    })?;
    let slot = |i: usize, k: usize| {
        let view = tensors.tensor(&format!("optimizer.{i}.{k}")).ok()?;
        Some(single(view.data()).collect())
    };
    let of = |i| (0..).map_while(|k| slot(i, k)).collect();
    Ok((0..count).map(of).collect())
}
