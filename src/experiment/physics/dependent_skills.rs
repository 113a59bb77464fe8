//! Figure 17 (§5.2): the Resource model on dependency graphs, with the published gates and with the printed ones.
//!
//! The published figures gate by $B = 1 - u^\gamma$, also in the denominator; the text has $B = (1 - u)^\gamma$ in the numerator alone. Four forms are run:
//! `soft` (published), `soft_numerator`, `printed` (the text), `printed_denominator`; and `free`, without gates. Each by Euler's steps, as the
//! authors run them, and as a differential equation.
//!
//! Random graphs show whether gates do what they are for on any graph: a skill is *in order* when it reaches level ½ after its gate's skills
//! do: after all for AND, after one for OR. Frequencies are log-uniform, whatever the place in the graph.
//!
//! | table | a row for each | columns |
//! |---|---|---|
//! | `curves` (of the first seed: nothing in it is random) | graph (`chain`, `and`, `or`), form, solver (`euler`, `ode`), record, skill | `t`, `skill` (from 1), `p`, `level` |
//! | `skills` (of the first seed) | graph, form, solver, skill | `skill`, `p`, `half_time` (NaN: not reached), `opening` (when its gate's skills reach ½; 0 without a gate), `gate_level` (level of the gate's skills when this one reaches .1) |
//! | `speed` (of the first seed) | step of the published OR graph | `t`, `level` and `speed` (−du/dt / η) of skill 2 |
//! | `random` | seed, form | `gated`, `learned` (of those), `in_order` (of those) |

pub(super) mod report;
pub(super) mod run;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::seed::Seed;

settings! {
    /// Settings of the dependent skills.
    pub struct DependentSkills {
        /// Effective learning rate η (the paper is silent; the published code has this).
        eta: f64 = 1e-3, 1e-3, 1e-3;
        /// Wasted resources N₀ (the paper is silent).
        waste: f64 = 1e-3, 1e-3, 1e-3;
        /// Frequencies of the chain 1 → 2 → 3.
        chain: Vec<f64> = vec![0.3, 1.0, 3.0], vec![0.3, 1.0, 3.0], vec![0.3, 1.0, 3.0];
        /// Frequencies of the graph (1 and 2) → 5, (3 and 4) → 6, (5 and 6) → 7.
        and: Vec<f64> = vec![1.0, 0.1, 2.0, 0.2, 1.0, 1.0, 1.0], vec![1.0, 0.1, 2.0, 0.2, 1.0, 1.0, 1.0], vec![1.0, 0.1, 2.0, 0.2, 1.0, 1.0, 1.0];
        /// Frequencies of the graph (1 and 2) → 5, (3 or 4) → 6, (5 or 6) → 7.
        or: Vec<f64> = vec![0.1, 0.01, 2.0, 0.2, 1.0, 1.0, 1.0], vec![0.1, 0.01, 2.0, 0.2, 1.0, 1.0, 1.0], vec![0.1, 0.01, 2.0, 0.2, 1.0, 1.0, 1.0];
        /// γ of the chain, form 1 − u^γ.
        chain_gamma: f64 = 1e-4, 1e-4, 1e-4;
        /// γ of the other graphs, form 1 − u^γ.
        graph_gamma: f64 = 1e-3, 1e-3, 1e-3;
        /// γ of the printed form (1 − u)^γ.
        printed_gamma: f64 = 0.01, 0.01, 0.01;
        /// Steps on the chain.
        chain_steps: usize = 5000, 5000, 5000;
        /// Steps on the other graphs.
        graph_steps: usize = 20_000, 20_000, 20_000;
        /// Records of a curve.
        records: usize = 100, 400, 400;
        /// Skills of a random graph.
        random_skills: usize = 8, 8, 8;
        /// Probability of each possible arrow of a random graph.
        random_arrows: f64 = 0.35, 0.35, 0.35;
        /// Largest over smallest possible frequency of a random graph; the largest is 1.
        random_span: f64 = 30.0, 30.0, 30.0;
        /// Steps on a random graph.
        random_steps: usize = 40_000, 40_000, 40_000;
        /// Number of seeds: of random graphs.
        seeds: u64 = 3, 64, 256;
    }
}

impl Experiment for DependentSkills {
    const INFO: Info = Info {
        id: "physics/fig-17",
        title: "Dependent skills: chains, AND and OR in the Resource model",
        document: Document::Physics,
        section: "§5.2, Fig. 17",
        notebook: "physics/12-dependent-skills",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        for (field, p, skills) in [
            ("chain", &self.chain, 3),
            ("and", &self.and, 7),
            ("or", &self.or, 7),
        ] {
            if p.len() != skills {
                return Err(Error::setting(
                    field,
                    format!("{p:?}"),
                    format!("{skills} frequencies"),
                ));
            }
            p.iter().try_for_each(|p| positive(field, *p))?;
        }
        for (field, x) in [
            ("eta", self.eta),
            ("waste", self.waste),
            ("chain_gamma", self.chain_gamma),
            ("graph_gamma", self.graph_gamma),
            ("printed_gamma", self.printed_gamma),
        ] {
            positive(field, x)?;
        }
        whole("chain_steps", self.chain_steps, 100, 10_000_000)?;
        whole("graph_steps", self.graph_steps, 100, 10_000_000)?;
        whole("random_steps", self.random_steps, 100, 10_000_000)?;
        whole(
            "records",
            self.records,
            10,
            self.chain_steps.min(self.graph_steps),
        )?;
        whole("random_skills", self.random_skills, 2, 1000)?;
        if !(0.0..=1.0).contains(&self.random_arrows) {
            return Err(Error::setting(
                "random_arrows",
                self.random_arrows,
                "a probability, from 0 to 1",
            ));
        }
        if !(self.random_span >= 1.0 && self.random_span.is_finite()) {
            return Err(Error::setting(
                "random_span",
                self.random_span,
                "a finite number, 1 or above",
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        run::tables(self, seed, progress)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}
