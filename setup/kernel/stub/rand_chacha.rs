//! rand_chacha as rust-analyzer sees it behind a notebook: the generators' names. Never compiled.

#[derive(Clone, Debug)]
pub struct ChaCha8Rng;

#[derive(Clone, Debug)]
pub struct ChaCha12Rng;

#[derive(Clone, Debug)]
pub struct ChaCha20Rng;
