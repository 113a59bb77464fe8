//! The experiments of the thesis: that they run at `check`, name a bad setting, and give known answers.

mod emergence;
mod images;
mod layerwise;
mod lazy_networks;
mod linear;
mod multilinear;
mod networks;
mod overfitting;
