//! Candidate gates: what a skill may wait for.

/// How the skills of a gate are joined.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    /// All of them: the product of their openings.
    And,
    /// At least one: the maximum.
    Or,
}

impl Join {
    /// `and` or `or`.
    pub fn name(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
        }
    }
}

/// What one skill waits for: none, one or several skills (by place), joined one way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Waits {
    pub skills: Vec<usize>,
    pub join: Join,
}

impl Waits {
    pub fn nothing() -> Self {
        Self::new(Vec::new(), Join::And)
    }

    pub fn new(mut skills: Vec<usize>, join: Join) -> Self {
        skills.sort_unstable();
        let join = if skills.len() > 1 { join } else { Join::And };
        Self { skills, join }
    }

    pub fn without(&self, skill: usize) -> Self {
        let skills: Vec<usize> = self
            .skills
            .iter()
            .copied()
            .filter(|s| *s != skill)
            .collect();
        Self::new(skills, self.join)
    }

    pub fn with(&self, skill: usize, join: Join) -> Self {
        let mut skills = self.skills.clone();
        skills.push(skill);
        Self::new(skills, join)
    }
}

/// All skills that wait for `skill`, directly or not, and itself.
pub(super) fn descendants(waits: &[Waits], skill: usize) -> Vec<bool> {
    let mut found = vec![false; waits.len()];
    found[skill] = true;
    loop {
        let mut grew = false;
        for (i, w) in waits.iter().enumerate() {
            if !found[i] && w.skills.iter().any(|j| found[*j]) {
                (found[i], grew) = (true, true);
            }
        }
        if !grew {
            return found;
        }
    }
}

/// The skills in an order in which each comes after what it waits for; the graph has no circles.
pub(super) fn order(waits: &[Waits]) -> Vec<usize> {
    let mut done = vec![false; waits.len()];
    let mut order = Vec::with_capacity(waits.len());
    while order.len() < waits.len() {
        let before = order.len();
        for (i, w) in waits.iter().enumerate() {
            if !done[i] && w.skills.iter().all(|j| done[*j]) {
                done[i] = true;
                order.push(i);
            }
        }
        debug_assert!(order.len() > before, "a circle of gates");
        if order.len() == before {
            break;
        }
    }
    order
}

/// All graphs' edges, as (what is waited for, who waits).
pub(super) fn edges(waits: &[Waits]) -> Vec<(usize, usize)> {
    let of = |(i, w): (usize, &Waits)| w.skills.iter().map(move |j| (*j, i)).collect::<Vec<_>>();
    waits.iter().enumerate().flat_map(of).collect()
}
