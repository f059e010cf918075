//! Server. Rate limits: so many requests a period for each key.

use crate::domain::{Error, Result};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::hash::Hash;
use std::num::NonZeroU32;

pub struct Throttle<K: Hash + Eq + Clone> {
    limiter: Option<DefaultKeyedRateLimiter<K>>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Throttle<K> {
    fn new(quota: Option<Quota>) -> Self {
        Self { limiter: quota.map(RateLimiter::keyed), clock: DefaultClock::default() }
    }

    /// 0 switches it off.
    pub fn per_minute(n: u32) -> Self {
        Self::new(NonZeroU32::new(n).map(Quota::per_minute))
    }

    /// Bursts of twice the rate; 0 switches it off.
    pub fn per_second(n: u32) -> Self {
        Self::new(
            NonZeroU32::new(n)
                .map(|n| Quota::per_second(n).allow_burst(n.saturating_mul(NonZeroU32::MIN.saturating_add(1)))),
        )
    }

    pub fn check(&self, key: &K) -> Result<()> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            Error::TooMany { retry_after_s: wait.as_secs() + 1 }
        })
    }

    /// Forgets keys that are back at their full allowance.
    pub fn tidy(&self) {
        if let Some(l) = &self.limiter {
            l.retain_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_allowance() {
        let t = Throttle::per_minute(2);
        assert!(t.check(&"a").is_ok() && t.check(&"a").is_ok());
        assert!(matches!(t.check(&"a"), Err(Error::TooMany { retry_after_s: 1..=61 })));
        assert!(t.check(&"b").is_ok());
        assert!((0..1_000).all(|_| Throttle::per_minute(0).check(&"a").is_ok()));
    }
}
