//! Random numbers: one stream per purpose, account, cohort and replication, each number addressed by its
//! occasion.
//!
//! The generator is counter-based (Philox4x32-10), so a number is a function of its address alone: no draw
//! can shift another, whatever a policy does and however many threads run.
//!
//! Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).

use sha2::{Digest, Sha256};

/// What a random number decides. The numbers are part of every address: never renumber one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// When the account signs up.
    Signup = 1,
    /// The account's own factor on its rate.
    Heterogeneity = 2,
    /// The account's own factors on its token counts.
    TokenSpread = 3,
    /// Times between arrivals.
    Gap = 4,
    /// Prompt tokens of each request.
    Prompt = 5,
    /// Output tokens of each request.
    Output = 6,
    /// Cached share of each prompt.
    CachedShare = 7,
    /// Model of each request.
    Model = 8,
    /// Whether a payment method is on file at signup.
    PaymentMethod = 9,
    /// What the customer is willing to pay in a period.
    SpendLimit = 10,
    /// Life of the n-th card.
    CardLife = 11,
    /// Whether the n-th expired card is renewed by the card updater.
    CardUpdate = 12,
    /// Spells without funds.
    Spell = 13,
    /// Luck and latency of the n-th payment attempt.
    Attempt = 14,
    /// The n-th answer to: add a payment method?
    AddsPaymentMethod = 15,
    /// The n-th answer to: replace the card?
    ReplacesCard = 16,
    /// The n-th answer to: buy credit?
    BuysCredit = 17,
    /// The delay before a purchase that was declined softly is tried again, for the n-th time.
    BuysCreditAgain = 18,
    /// Patience at the n-th stop.
    Patience = 19,
    /// The account's own coefficient of variation of its gaps.
    GapSpread = 20,
    /// The account's own share of time on.
    ActiveShare = 21,
    /// Whether the account begins with a phase on.
    FirstPhase = 22,
    /// Starts, lengths and factors of the n-th kind of burst, one burst after another.
    Burst = 23,
    /// The level of the n-th day of the run.
    DayLevel = 24,
    /// Whether the account keeps to one model, and to which.
    Loyalty = 25,
    /// The n-th answer to an alert.
    HeedsAlert = 30,
    /// Whether and when the n-th payment attempt is disputed, if it succeeds.
    Dispute = 31,
    /// The length of the n-th on phase.
    OnPhase = 32,
    /// The length of the n-th off phase.
    OffPhase = 33,
}

/// The streams of one cohort in one replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CohortStreams {
    key: [u32; 2],
}

impl CohortStreams {
    /// The streams of the cohort of that name: they do not depend on which cohorts stand beside it.
    pub fn new(seed: u64, replication: u32, cohort: &str) -> CohortStreams {
        let mut hash = Sha256::new();
        hash.update(b"billsim streams 1");
        hash.update(seed.to_le_bytes());
        hash.update(replication.to_le_bytes());
        hash.update(cohort.as_bytes());
        let digest = hash.finalize();
        let word =
            |at: usize| u32::from_le_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]);
        CohortStreams { key: [word(0), word(4)] }
    }

    /// The streams of one account of the cohort.
    pub fn account(self, account: u32) -> AccountStreams {
        AccountStreams { key: self.key, account }
    }
}

/// The streams of one account in one replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountStreams {
    key: [u32; 2],
    account: u32,
}

impl AccountStreams {
    /// The words of a purpose for many occasions.
    pub fn stream(self, purpose: Purpose) -> Stream {
        Stream { streams: self, purpose }
    }

    /// The numbers for one occasion of a purpose: as many as are asked for.
    pub fn draws(self, purpose: Purpose, occasion: u32) -> Draws {
        Draws { key: self.key, counter: [0, occasion, self.account, purpose as u32], words: [0; 4], used: 4 }
    }
}

/// How many occasions take their words together.
pub const GROUP: usize = 16;
/// How many generator blocks give a group a word for each of its occasions.
const LANES: usize = GROUP / 4;

/// The words of one purpose of an account for many occasions, such as its requests: occasion `n` belongs to
/// group `n / GROUP`, at place `n % GROUP`. What needs several words on an occasion takes them from as many
/// layers.
///
/// For one purpose there is either this or [`AccountStreams::draws`]: they are the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    streams: AccountStreams,
    purpose: Purpose,
}

impl Stream {
    /// A word for each occasion of some consecutive groups.
    ///
    /// The words of a layer are those of [`AccountStreams::draws`] on one occasion, dealt out so that those
    /// computed side by side lie side by side: place `p` takes word `p / 4` of the group's generator
    /// block `p % 4`.
    #[inline(always)]
    pub fn words(self, layer: u32, first: u32, groups: &mut [[u32; GROUP]]) {
        // Two groups at a time fill the widest vectors.
        let (pairs, last) = groups.as_chunks_mut::<2>();
        let mut block = first * LANES as u32;
        for pair in pairs {
            *pair = self.pair(layer, block);
            block += 2 * LANES as u32;
        }
        if let [last] = last {
            [*last, _] = self.pair(layer, block);
        }
    }

    /// The words of the two groups that begin with a generator block.
    #[inline(always)]
    fn pair(self, layer: u32, block: u32) -> [[u32; GROUP]; 2] {
        let AccountStreams { key, account } = self.streams;
        let mut rounds = [[0; 2 * LANES]; 4];
        for lane in 0..2 * LANES {
            let dealt = philox(key, [block + lane as u32, layer, account, self.purpose as u32]);
            for (round, word) in rounds.iter_mut().zip(dealt) {
                round[lane] = word;
            }
        }
        [0, LANES].map(|first| std::array::from_fn(|place| rounds[place / LANES][first + place % LANES]))
    }
}

/// The numbers of one occasion, one after another; a [`rand::Rng`].
#[derive(Clone, Debug)]
pub struct Draws {
    key: [u32; 2],
    counter: [u32; 4],
    words: [u32; 4],
    used: usize,
}

impl Draws {
    /// A number evenly distributed in the open interval (0, 1), of 53 bits.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        let bits = rand::Rng::next_u64(self) >> 12;
        (bits as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Whether something of this probability happens: never at 0, always at 1.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

impl rand::TryRng for Draws {
    type Error = std::convert::Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        if self.used == 4 {
            self.words = philox(self.key, self.counter);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.used = 0;
        }
        self.used += 1;
        Ok(self.words[self.used - 1])
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let low = self.try_next_u32()?;
        Ok(u64::from(low) | u64::from(self.try_next_u32()?) << 32)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.try_next_u32()?.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Philox4x32-10: four words for a key and a counter.
#[inline(always)]
pub fn philox(key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    let [mut k0, mut k1] = key;
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    for _ in 0..10 {
        let p0 = u64::from(c0) * 0xD251_1F53;
        let p1 = u64::from(c2) * 0xCD9E_8D57;
        (c0, c1, c2, c3) = ((p1 >> 32) as u32 ^ c1 ^ k0, p1 as u32, (p0 >> 32) as u32 ^ c3 ^ k1, p0 as u32);
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    [c0, c1, c2, c3]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the known-answer vectors published with Random123 (kat_vectors, philox4x32 10).
    #[test]
    fn philox_gives_the_published_words() {
        for (key, counter, words) in [
            ([0; 2], [0; 4], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
            ([u32::MAX; 2], [u32::MAX; 4], [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]),
            (
                [0xA409_3822, 0x299F_31D0],
                [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344],
                [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1],
            ),
        ] {
            assert_eq!(philox(key, counter), words);
        }
    }

    #[test]
    fn the_words_of_groups_are_those_of_the_occasion_dealt_out() {
        let streams = CohortStreams::new(7, 0, "c").account(3);
        let stream = streams.stream(Purpose::Gap);
        for layer in [0, 5] {
            let mut draws = streams.draws(Purpose::Gap, layer);
            let mut words = [[0; GROUP]; 7];
            stream.words(layer, 0, &mut words);
            for block in 0..7 * LANES {
                for word in 0..4 {
                    let dealt = words[block / LANES][word * LANES + block % LANES];
                    assert_eq!(dealt, rand::Rng::next_u32(&mut draws));
                }
            }
            for (first, group) in words.iter().enumerate() {
                let mut alone = [[0; GROUP]];
                stream.words(layer, first as u32, &mut alone);
                assert_eq!(alone, [*group]);
            }
        }
    }
}
