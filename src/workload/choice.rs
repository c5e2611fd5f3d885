//! A choice among weighted things.

/// A choice among weighted things by one word.
///
/// Source: Walker, "An efficient method for generating discrete random variables with general distributions",
/// ACM Transactions on Mathematical Software 3 (1977); the construction is that of Vose, "A linear algorithm
/// for generating random numbers with a given distribution", IEEE Transactions on Software Engineering 17
/// (1991).
#[derive(Clone, Debug)]
pub(super) struct Choice<T> {
    /// As many as there are things, equally likely.
    cells: Vec<Cell<T>>,
}

/// A part of the words, shared by two things.
#[derive(Clone, Copy, Debug)]
struct Cell<T> {
    /// How many of 2^32 words choose the first thing.
    share: u64,
    things: [T; 2],
}

impl<T: Copy> Choice<T> {
    /// As many weights as things, not negative and not all zero.
    pub(super) fn new(things: &[T], weights: &[f64]) -> Choice<T> {
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        // What of each thing is to be put into cells yet, in cells.
        let mut left: Vec<f64> = weights.iter().map(|weight| weight / mean).collect();
        let (mut light, mut heavy): (Vec<usize>, Vec<usize>) =
            (0..things.len()).partition(|thing| left[*thing] < 1.0);
        let mut cells: Vec<Cell<T>> =
            things.iter().map(|thing| Cell { share: 1 << 32, things: [*thing; 2] }).collect();
        while let (Some(one), Some(other)) = (light.pop(), heavy.last().copied()) {
            cells[one] = Cell {
                share: (left[one] * (1u64 << 32) as f64) as u64,
                things: [things[one], things[other]],
            };
            left[other] -= 1.0 - left[one];
            // The last one stays, for those that rounding leaves over.
            if left[other] < 1.0 && heavy.len() > 1 {
                heavy.pop();
                light.push(other);
            }
        }
        Choice { cells }
    }

    /// The thing chosen by a word.
    #[inline(always)]
    pub(super) fn pick(&self, word: u32) -> T {
        let product = u64::from(word) * self.cells.len() as u64;
        let Cell { share, things } = self.cells[(product >> 32) as usize];
        // The sign of a difference rather than a comparison, from which a branch would be made, often
        // foretold wrongly.
        let rest = product & u64::from(u32::MAX);
        things[(share.wrapping_sub(rest + 1) >> 63) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of all words choose each of `0..weights.len()`, exactly.
    fn counts(weights: &[f64]) -> Vec<u64> {
        let things: Vec<usize> = (0..weights.len()).collect();
        let choice = Choice::new(&things, weights);
        let cells = choice.cells.len() as u64;
        let mut counts = vec![0; weights.len()];
        for (cell, Cell { share, things }) in choice.cells.iter().enumerate() {
            // The words w with w * cells / 2^32 in the cell, and of those the ones below the share.
            let first = |product: u64| product.div_ceil(cells);
            let (begin, end) = (first((cell as u64) << 32), first((cell as u64 + 1) << 32));
            let middle = first(((cell as u64) << 32) + share).min(end);
            counts[things[0]] += middle - begin;
            counts[things[1]] += end - middle;
            for word in [begin, middle.max(1) - 1, middle, end - 1].into_iter().filter(|word| *word < 1 << 32)
            {
                let chosen = if word < begin || word >= end { continue } else { choice.pick(word as u32) };
                assert_eq!(chosen, if word < middle { things[0] } else { things[1] });
            }
        }
        assert_eq!(counts.iter().sum::<u64>(), 1 << 32);
        counts
    }

    #[test]
    fn each_thing_is_chosen_by_its_share_of_the_words() {
        let many: Vec<f64> = (0..5000).map(|n| f64::from(n % 3) * 1.1f64.powi(n % 100)).collect();
        for weights in [vec![5.0], vec![1.0; 7], vec![0.1; 10], vec![1.0, 2.0], vec![1e-9, 1.0, 1e-12], many]
        {
            let total: f64 = weights.iter().sum();
            for (count, weight) in counts(&weights).into_iter().zip(&weights) {
                let exact = weight / total * (1u64 << 32) as f64;
                // Each cell may round by a word.
                assert!((count as f64 - exact).abs() <= 1.0 + weights.len() as f64, "{count} for {exact}");
            }
        }
    }

    #[test]
    fn what_has_no_weight_is_never_chosen() {
        let mut weights: Vec<f64> = (0..3000).map(|n| f64::from(n % 7) / 3.0).collect();
        weights[2999] = 0.1;
        for weights in [&weights[..], &[0.0, 0.7, 0.0, 0.2, 0.1, 0.0], &[0.0, 0.0, 1e-300]] {
            let counts = counts(weights);
            assert!(counts.iter().zip(weights).all(|(count, weight)| *weight > 0.0 || *count == 0));
        }
    }
}
