//! Where the time of a run goes.

use crate::stopwatch::Stopwatch;
use std::time::Duration;

/// Of so many stretches of a thread's work, one is timed by its parts: to look at a clock at both ends of all of them
/// takes some percent of the whole. It is a prime, so that no usual number of blocks to an account keeps step with it.
const STRIDE: u32 = 17;

/// Where the time of runs went; of several runs, the sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timing {
    /// Working out what accounts share.
    pub preparing: Duration,
    /// Simulating on all threads at once, by the clock on the wall.
    pub simulating: Duration,
    /// Adding up, on one thread, what all have counted; and writing the ledger, if there is one.
    pub gathering: Duration,
    /// The time that all threads together had for simulating: that by the clock, times their number.
    pub available: Duration,
    /// Of that, what it took to draw the requests and count them. How the threads' work is split between this and
    /// the policies is an estimate, from every 17th block of requests.
    pub drawing: Duration,
    /// Of that, what each policy took, by name.
    pub policies: Vec<(String, Duration)>,
}

impl Timing {
    /// Of the time that all threads had, what they waited for work or for each other.
    pub fn waiting(&self) -> Duration {
        let working = self.drawing + self.policies.iter().map(|(_, time)| *time).sum::<Duration>();
        self.available.saturating_sub(working)
    }

    /// Takes in all the work that threads did, split as its sample was.
    pub(super) fn add_work<'n>(&mut self, work: &Work, policies: impl Iterator<Item = &'n str>) {
        let sampled = work.drawing + work.policies.iter().sum::<Duration>();
        if sampled.is_zero() {
            return;
        }
        let all_of = |part: Duration| work.all.mul_f64(part.as_secs_f64() / sampled.as_secs_f64());
        self.drawing += all_of(work.drawing);
        for (name, part) in policies.zip(&work.policies) {
            match self.policies.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += all_of(*part),
                None => self.policies.push((name.to_owned(), all_of(*part))),
            }
        }
    }
}

/// How long the work of threads took, and a sample of it by its parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    all: Duration,
    /// Of the sample: drawing requests.
    drawing: Duration,
    /// Of the sample: each policy.
    policies: Vec<Duration>,
}

impl Work {
    /// None so far, under so many policies.
    pub fn none(policies: usize) -> Work {
        Work { policies: vec![Duration::ZERO; policies], ..Work::default() }
    }

    /// Takes in that of another thread.
    pub fn add(&mut self, other: &Work) {
        self.all += other.all;
        self.drawing += other.drawing;
        for (sum, addend) in self.policies.iter_mut().zip(&other.policies) {
            *sum += *addend;
        }
    }
}

/// Times the work of a thread, and each 17th stretch of it by its parts. Where it is off, it costs nothing.
#[derive(Clone, Debug)]
pub(super) struct Sampler {
    is_on: bool,
    work: Work,
    whole: Stopwatch,
    /// Runs while a stretch is timed by its parts.
    parts: Stopwatch,
    stretches: u32,
}

impl Sampler {
    /// One that begins now, or that is off.
    pub fn new(is_on: bool, policies: usize) -> Sampler {
        let work = Work::none(policies);
        Sampler { is_on, work, whole: Stopwatch::new(is_on), parts: Stopwatch::default(), stretches: 0 }
    }

    /// A stretch of work begins: about a block of requests under all policies.
    #[inline]
    pub fn begin(&mut self) {
        if self.is_on {
            self.parts = Stopwatch::new(self.stretches.is_multiple_of(STRIDE));
            self.stretches += 1;
        }
    }

    /// What has been done since was to draw requests and count them.
    #[inline]
    pub fn drew(&mut self) {
        self.parts.lap(&mut self.work.drawing);
    }

    /// What has been done since was the work of a policy.
    #[inline]
    pub fn ran(&mut self, policy: usize) {
        self.parts.lap(&mut self.work.policies[policy]);
    }

    /// The work ends.
    pub fn end(&mut self) {
        self.whole.lap(&mut self.work.all);
    }

    /// What was done until it ended.
    pub fn work(&self) -> &Work {
        &self.work
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;

    const MS: Duration = Duration::from_millis(1);

    /// Work of so many stretches, in each of which drawing takes a millisecond and the second policy two.
    fn work(stretches: u32) -> Work {
        let mut sampler = Sampler::new(true, 2);
        for _ in 0..stretches {
            sampler.begin();
            sleep(MS);
            sampler.drew();
            sampler.ran(0);
            sleep(2 * MS);
            sampler.ran(1);
        }
        sampler.end();
        sampler.work
    }

    #[test]
    fn a_part_of_the_work_stands_for_the_whole() {
        let work = work(2 * STRIDE);
        assert!(work.drawing >= 2 * MS && work.policies[1] >= 4 * MS, "{work:?}");
        assert!(work.drawing + work.policies[1] < work.all, "{work:?}");
        let mut timing = Timing::default();
        timing.add_work(&work, ["a", "b"].into_iter());
        let [(_, first), (_, second)] = &timing.policies[..] else { panic!("{timing:?}") };
        assert!(timing.drawing > *first && *second > *first, "{timing:?}");
        let apart = work.all.abs_diff(timing.drawing + *first + *second);
        assert!(apart < Duration::from_micros(1), "{timing:?}");
    }

    #[test]
    fn what_threads_did_not_work_they_waited() {
        let mut timing = Timing { available: Duration::from_secs(4), ..Timing::default() };
        assert_eq!(timing.waiting(), timing.available);
        timing.drawing = Duration::from_secs(1);
        timing.policies.push(("a".to_owned(), Duration::from_secs(2)));
        assert_eq!(timing.waiting(), Duration::from_secs(1));
    }

    #[test]
    fn the_work_of_a_policy_is_summed_by_its_name() {
        let work = Work { all: 9 * MS, drawing: MS, policies: vec![MS, MS] };
        let mut timing = Timing::default();
        timing.add_work(&work, ["a", "b"].into_iter());
        timing.add_work(&work, ["b", "c"].into_iter());
        let names: Vec<(&str, Duration)> =
            timing.policies.iter().map(|(name, time)| (name.as_str(), *time)).collect();
        assert_eq!(names, [("a", 3 * MS), ("b", 6 * MS), ("c", 3 * MS)]);
        assert_eq!(timing.drawing, 6 * MS);
    }

    #[test]
    fn one_that_is_off_times_nothing() {
        let mut sampler = Sampler::new(false, 1);
        sampler.begin();
        sleep(MS);
        sampler.drew();
        sampler.ran(0);
        sampler.end();
        let work = sampler.work;
        assert_eq!((work.all, work.drawing, work.policies[0]), Default::default());
    }
}
