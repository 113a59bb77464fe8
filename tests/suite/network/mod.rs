//! Networks: the gradient written by hand against autodiff, finite differences and PyTorch; data, batches, bad input.

mod gpt;
mod gradient;
mod module;
mod torch;
