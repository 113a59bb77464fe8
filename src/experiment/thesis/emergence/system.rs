//! A system of skills: its examples, its network, and how strong its skills are.

use super::Emergence;
use crate::error::Result;
use crate::model::network::{Examples, Init, Inputs, Loss, Mlp, MlpTrainer};
use crate::optimizer::Optimizer;
use crate::seed::Seed;
use crate::task::{Frequencies, ParityBatch, SparseParity, Subsets};

/// A system of skills with what its strengths are measured on.
pub(super) struct System {
    pub task: SparseParity,
    scale: f64,
    seed: Seed,
    test: Vec<(Inputs<f32>, Vec<f64>)>,
}

impl System {
    pub fn new(settings: &Emergence, skills: usize, bits: usize, seed: Seed) -> Result<Self> {
        let frequencies = match skills {
            1 => Frequencies::uniform(1)?,
            _ => Frequencies::power_law(skills, settings.alpha + 1.0)?,
        };
        let subsets = Subsets::disjoint(skills, bits, settings.relevant, seed)?;
        let task = SparseParity::new(frequencies, subsets)?;
        let mut streams = (
            seed.stream("data/test"),
            seed.stream(&format!("data/test/{skills}")),
        );
        let test = (0..skills).map(|k| {
            let frequencies = Frequencies::uniform(1)?;
            let own = Subsets::new(vec![task.subsets().of(k).to_vec()], bits)?;
            let batch = SparseParity::new(frequencies, own)?.draw(
                settings.test,
                &mut streams.0,
                &mut streams.1,
            );
            let signs: Vec<f64> = (0..batch.len()).map(|j| batch.sign(j)).collect();
            // Drawn as the only skill, shown as one of all.
            let mut inputs = Inputs::from(&batch);
            if let Inputs::Controlled {
                control, controls, ..
            } = &mut inputs
            {
                control.fill(k as u32);
                *controls = skills;
            }
            Ok((inputs, signs))
        });
        let test = test.collect::<Result<Vec<_>>>()?;
        Ok(Self {
            task,
            scale: settings.scale,
            seed,
            test,
        })
    }

    pub fn net(
        &self,
        width: usize,
        std: f64,
        optimizer: impl Into<Optimizer>,
    ) -> Result<MlpTrainer<f32>> {
        let net = Mlp::new([self.task.inputs(), width, 1]).with_init(Init::Normal { std });
        MlpTrainer::new(&net, Loss::Mse, optimizer, self.seed)
    }

    pub fn examples(&self, batch: &ParityBatch) -> Result<Examples<f32>> {
        Examples::new(Inputs::from(batch), batch.targets(self.scale))
    }

    /// The batch of step `step`.
    pub fn fresh(&self, size: usize, step: usize) -> Result<Examples<f32>> {
        let mut skills = self.seed.stream(&format!("batch/{step}"));
        let mut bits = self.seed.stream(&format!("batch/{step}/bits"));
        self.examples(&self.task.draw(size, &mut skills, &mut bits))
    }

    /// 𝓡_k/S of each skill, mean-centred as the thesis' code.
    pub fn strengths(&self, net: &mut MlpTrainer<f32>) -> Result<Vec<f64>> {
        let own = self.test.iter().map(|(inputs, signs)| {
            let outputs = net.outputs(inputs)?;
            let n = signs.len() as f64;
            let (mut f, mut g, mut fg) = (0.0, 0.0, 0.0);
            for (output, sign) in outputs.iter().zip(signs) {
                let output = f64::from(*output);
                f += output;
                g += sign;
                fg += output * sign;
            }
            Ok((fg / n - f * g / (n * n)) / self.scale)
        });
        own.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Scale, Settings};

    #[test]
    fn a_system_measures_what_it_is_asked_for() {
        let settings = Emergence::preset(Scale::Check);
        let system = System::new(&settings, 2, 6, Seed(3)).unwrap();
        let examples = system.fresh(50, 7).unwrap();
        assert_eq!(examples, system.fresh(50, 7).unwrap());
        assert_ne!(examples, system.fresh(50, 8).unwrap());
        // Test examples of the second skill ask for it, and their signs are its parities.
        let (inputs, signs) = &system.test[1];
        let dense = inputs.dense(0);
        for (row, sign) in dense.outer_iter().zip(signs) {
            assert_eq!((row[0], row[1]), (0.0, 1.0));
            let ones: f32 = system.task.subsets().of(1).iter().map(|b| row[2 + b]).sum();
            assert_eq!(*sign, if ones % 2.0 == 0.0 { 1.0 } else { -1.0 });
        }
    }

    #[test]
    fn a_net_that_is_half_the_parity_of_two_bits_has_strength_one_half() {
        let settings = Emergence::preset(Scale::Check);
        let system = System::new(&settings, 1, 6, Seed(3)).unwrap();
        let mut net = system.net(3, 0.1, settings.adam()).unwrap();
        // g = 1 − 2a − 2b + 4ab with ab = σ(a + b − 1), a = σ(a); half of S g
        let (a, b) = (
            1 + system.task.subsets().of(0)[0],
            1 + system.task.subsets().of(0)[1],
        );
        let params = net.params_mut();
        params.fill(0.0);
        // layer 0: 7 inputs × 3 units, then 3 biases; layer 1: 3 × 1, then its bias
        params[a * 3] = 1.0;
        params[b * 3 + 1] = 1.0;
        (params[a * 3 + 2], params[b * 3 + 2]) = (1.0, 1.0);
        params[21 + 2] = -1.0;
        params[24..27].copy_from_slice(&[-5.0, -5.0, 10.0]);
        params[27] = 2.5;
        let strength = system.strengths(&mut net).unwrap()[0];
        assert!((strength - 0.5).abs() < 0.01, "{strength}");
    }
}
