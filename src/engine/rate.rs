//! Rate limits: what has been admitted in the present minute.

use crate::money::Share;
use crate::policy::common::{Adaptive, RateLimit, Rates};
use crate::time::{Span, Time};

/// A window.
const WINDOW: Span = Span::from_micros(60_000_000);

/// Counts what an account has admitted in each window of a minute.
#[derive(Debug)]
pub(super) struct RateMeter {
    limit: RateLimit,
    /// When the present window began.
    window: Time,
    admitted: u64,
    tokens: u64,
    /// The adaptive limit on tokens, where there is one.
    adapted: Option<u64>,
}

impl RateMeter {
    /// A meter whose first window begins now.
    pub fn new(limit: RateLimit, now: Time) -> RateMeter {
        let adapted = limit.adaptive.map(|adaptive| adaptive.start);
        RateMeter { limit, window: now, admitted: 0, tokens: 0, adapted }
    }

    /// Ends the windows that are over by now. While nothing is on file the adaptive limit stands still where another
    /// holds instead: to be called before that changes.
    pub fn roll(&mut self, now: Time, has_payment_method: bool) {
        let windows = (now - self.window).micros() / WINDOW.micros();
        if windows == 0 {
            return;
        }
        let applies = has_payment_method || self.limit.without_payment_method.is_none();
        if let (Some(adaptive), Some(adapted)) = (self.limit.adaptive.filter(|_| applies), &mut self.adapted)
        {
            *adapted = adaptive.after_window(*adapted, self.tokens);
            for _ in 1..windows {
                let idle = adaptive.after_window(*adapted, 0);
                if idle == *adapted {
                    break;
                }
                *adapted = idle;
            }
        }
        self.window += Span::from_micros(windows * WINDOW.micros());
        (self.admitted, self.tokens) = (0, 0);
    }

    /// Whether the present window's limit has been reached.
    pub fn is_reached(&mut self, now: Time, has_payment_method: bool) -> bool {
        self.roll(now, has_payment_method);
        let Rates { requests, tokens } = self.rates(has_payment_method);
        requests.is_some_and(|limit| self.admitted >= limit)
            || tokens.is_some_and(|limit| self.tokens >= limit)
    }

    /// Counts an admitted request.
    pub fn count(&mut self, tokens: u64) {
        self.admitted += 1;
        self.tokens += tokens;
    }

    fn rates(&self, has_payment_method: bool) -> Rates {
        let usual = self.limit.rates;
        match self.limit.without_payment_method {
            Some(own) if !has_payment_method => {
                Rates { requests: own.requests.or(usual.requests), tokens: own.tokens.or(usual.tokens) }
            }
            _ => Rates { tokens: self.adapted.or(usual.tokens), ..usual },
        }
    }
}

impl Adaptive {
    /// The limit after a window in which so many tokens were used.
    fn after_window(&self, limit: u64, used: u64) -> u64 {
        let share = |share: Share, of: u64| u128::from(of) * share.billionths() as u128;
        let one = Share::ONE.billionths() as u128;
        let moved = if u128::from(used) * one >= share(self.busy, limit) {
            (share(self.grow, limit) / one).min(u128::from(self.ceiling))
        } else {
            (share(self.shrink, limit) / one).max(u128::from(self.floor))
        };
        u64::try_from(moved).expect("at most the ceiling or the limit")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    fn share(billionths: i64) -> Share {
        Share::from_billionths(billionths)
    }

    fn adaptive() -> RateLimit {
        let adaptive = Adaptive {
            start: 100,
            floor: 50,
            ceiling: 200,
            grow: share(1_500_000_000),
            shrink: share(700_000_000),
            busy: share(800_000_000),
        };
        RateLimit { rates: Rates::default(), adaptive: Some(adaptive), without_payment_method: None }
    }

    #[test]
    fn a_window_admits_until_its_requests_or_tokens_have_reached_the_limit() {
        let rates = Rates { requests: Some(2), tokens: Some(100) };
        let mut meter =
            RateMeter::new(RateLimit { rates, adaptive: None, without_payment_method: None }, at(30));
        meter.count(99);
        assert!(!meter.is_reached(at(30), true));
        meter.count(0);
        assert!(meter.is_reached(at(89), true));
        assert!(!meter.is_reached(at(90), true)); // windows count from the first instant
        meter.count(100);
        assert!(meter.is_reached(at(91), true));
    }

    #[test]
    fn the_adaptive_limit_grows_after_busy_windows_and_shrinks_after_others_idle_ones_too() {
        let mut meter = RateMeter::new(adaptive(), at(0));
        meter.count(80);
        meter.roll(at(60), true);
        assert_eq!(meter.adapted, Some(150));
        meter.count(119); // of 120 that would be busy
        meter.roll(at(120), true);
        assert_eq!(meter.adapted, Some(105));
        meter.roll(at(240), true); // 73.5, then 51.1, each rounded down
        assert_eq!(meter.adapted, Some(51));
        meter.roll(at(100_000), true);
        assert_eq!(meter.adapted, Some(50));
    }

    #[test]
    fn without_a_payment_method_its_own_limits_hold_key_by_key_and_the_adaptive_one_stands_still() {
        let own = Rates { requests: None, tokens: Some(10) };
        let rates = Rates { requests: Some(3), tokens: None };
        let limit = RateLimit { rates, without_payment_method: Some(own), ..adaptive() };
        let mut meter = RateMeter::new(limit, at(0));
        assert_eq!(meter.rates(false), Rates { requests: Some(3), tokens: Some(10) });
        meter.count(100);
        meter.roll(at(600), false);
        assert_eq!(meter.rates(true), Rates { requests: Some(3), tokens: Some(100) });
    }
}
