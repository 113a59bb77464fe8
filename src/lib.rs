//! How neural networks learn: models, tasks, optimizers and metrics.
