//! How long the work itself takes, by a clock on the wall. Nothing of it reaches a result.

use std::time::{Duration, Instant};

/// Splits the time that passes into laps, with no gaps between them. One that stands still tells no time, and
/// costs none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stopwatch {
    /// When the lap began; `None` where it stands still.
    since: Option<Instant>,
}

impl Stopwatch {
    /// One whose first lap begins now, or one that stands still.
    pub fn new(runs: bool) -> Stopwatch {
        Stopwatch { since: runs.then(Instant::now) }
    }

    /// Ends a lap, and adds it to the time that its work has taken so far.
    #[inline]
    pub fn lap(&mut self, sum: &mut Duration) {
        if let Some(since) = &mut self.since {
            let now = Instant::now();
            *sum += now - *since;
            *since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;

    #[test]
    fn laps_add_up_to_all_the_time_that_passes() {
        let began = Instant::now();
        let mut watch = Stopwatch::new(true);
        let (mut work, mut rest) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..3 {
            sleep(Duration::from_millis(2));
            watch.lap(&mut work);
            sleep(Duration::from_millis(1));
            watch.lap(&mut rest);
        }
        let all = began.elapsed();
        assert!(work >= Duration::from_millis(6) && rest >= Duration::from_millis(3), "{work:?}, {rest:?}");
        assert!(work + rest <= all && all < Duration::from_secs(60), "{all:?}");
    }

    #[test]
    fn one_that_stands_still_tells_no_time() {
        let (mut watch, mut sum) = (Stopwatch::new(false), Duration::ZERO);
        sleep(Duration::from_millis(1));
        watch.lap(&mut sum);
        assert_eq!(sum, Duration::ZERO);
    }
}
