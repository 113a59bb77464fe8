//! Passes over all pairs of weights.

/// One step of gradient descent; returns Σ a b after it.
pub(super) fn step(a: &mut [f64], b: &mut [f64], h: f64) -> f64 {
    let mut sums = [0.0; 8];
    let (mut a_chunks, mut b_chunks) = (a.chunks_exact_mut(8), b.chunks_exact_mut(8));
    for (a, b) in a_chunks.by_ref().zip(b_chunks.by_ref()) {
        for l in 0..8 {
            (a[l], b[l]) = (a[l] - h * b[l], b[l] - h * a[l]);
            sums[l] += a[l] * b[l];
        }
    }
    let tail = a_chunks.into_remainder().iter_mut();
    let tail = tail.zip(b_chunks.into_remainder()).map(|(a, b)| {
        (*a, *b) = (*a - h * *b, *b - h * *a);
        *a * *b
    });
    tail.sum::<f64>() + sums.iter().sum::<f64>()
}

/// Sums of N terms over pairs, in eight lanes a block and blocks one after the other: quick, and with a rounding error that does not grow with p.
pub(super) fn lanes<const N: usize>(
    a: &[f64],
    b: &[f64],
    term: impl Fn(f64, f64) -> [f64; N],
) -> [f64; N] {
    const BLOCK: usize = 4096;
    let mut total = [0.0; N];
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        let mut sums = [[0.0; 8]; N];
        let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
        let tail = a_chunks.remainder().iter().zip(b_chunks.remainder());
        for (a, b) in tail {
            let terms = term(*a, *b);
            (0..N).for_each(|k| sums[k][0] += terms[k]);
        }
        for (a, b) in a_chunks.zip(b_chunks) {
            for l in 0..8 {
                let terms = term(a[l], b[l]);
                for k in 0..N {
                    sums[k][l] += terms[k];
                }
            }
        }
        (0..N).for_each(|k| total[k] += sums[k].iter().sum::<f64>());
    }
    total
}

/// P and M of the pairs that are aligned with the target and of those that are not, in one pass. Pairs with a b S = 0 count as aligned; they have P = M.
pub(super) fn halves(a: &[f64], b: &[f64], target: f64, z: f64) -> [[f64; 2]; 2] {
    let [p_with, p_against, m_with, m_against] = lanes(a, b, |a, b| {
        let (p, m) = ((a + b) * (a + b), (a - b) * (a - b));
        let against = if a * b * target < 0.0 { 1.0 } else { 0.0 };
        [
            p * (1.0 - against),
            p * against,
            m * (1.0 - against),
            m * against,
        ]
    })
    .map(|x| 0.25 * x / z);
    [[p_with, m_with], [p_against, m_against]]
}
