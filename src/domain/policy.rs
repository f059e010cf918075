//! Both sides. When people have agreed: policies over distinct approvers, and where a vote stands.

use super::error::{Error, Result};
use super::status::word;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};

/// How many of those who are asked have to approve.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Policy {
    /// The first approval passes; fails when all reject.
    #[default]
    Any,
    /// Everybody approves; the first rejection fails.
    All,
    /// More than half approve; fails as soon as that can't be reached.
    Majority,
}

impl Policy {
    pub const ALL: [Self; 3] = [Self::Any, Self::All, Self::Majority];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::All => "all",
            Self::Majority => "majority",
        }
    }

    /// Approvals it takes among `of` people.
    pub const fn needed(self, of: usize) -> usize {
        match self {
            Self::Any => 1,
            Self::All => of,
            Self::Majority => of / 2 + 1,
        }
    }
}

impl FromStr for Policy {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "any" => Self::Any,
            "all" => Self::All,
            "majority" => Self::Majority,
            other => {
                return Err(Error::invalid("policy", format!("`{other}` is not a policy; use any, all or majority")));
            }
        })
    }
}
word!(Policy);

/// What one person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Decision {
    Approve,
    Reject,
}

impl Decision {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }

    /// What the person did.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Reject => "rejected",
        }
    }
}

impl FromStr for Decision {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Ok(match s {
            "approve" | "approved" => Self::Approve,
            "reject" | "rejected" => Self::Reject,
            other => {
                return Err(Error::invalid("decision", format!("`{other}` is not a decision; use approve or reject")));
            }
        })
    }
}
word!(Decision);

/// Where a vote stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Open,
    Approved,
    Rejected,
    /// Nobody is left who could decide.
    Nobody,
}

/// Of distinct people who count: how many approved, how many rejected, how many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub approved: usize,
    pub rejected: usize,
    pub of: usize,
}

impl Tally {
    /// Counts what each person who counts has said so far.
    pub fn of(said: impl IntoIterator<Item = Option<Decision>>) -> Self {
        said.into_iter().fold(Self::default(), |tally, said| Self {
            approved: tally.approved + usize::from(said == Some(Decision::Approve)),
            rejected: tally.rejected + usize::from(said == Some(Decision::Reject)),
            of: tally.of + 1,
        })
    }

    pub const fn verdict(self, policy: Policy) -> Verdict {
        let needed = policy.needed(self.of);
        if self.of == 0 {
            Verdict::Nobody
        } else if self.approved >= needed {
            Verdict::Approved
        } else if self.of - self.rejected < needed {
            // Even if everybody who has said nothing yet approved.
            Verdict::Rejected
        } else {
            Verdict::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules as the specification words them, told one answer after another: nothing of the code above.
    fn model(policy: Policy, people: usize, answers: &[bool]) -> Verdict {
        let (mut yes, mut no) = (0, 0);
        for answer in answers {
            if *answer {
                yes += 1;
            } else {
                no += 1;
            }
            let (all, silent) = (people, people - yes - no);
            let decided = match policy {
                Policy::Any if *answer => Some(Verdict::Approved),
                Policy::Any => (no == all).then_some(Verdict::Rejected),
                Policy::All if !*answer => Some(Verdict::Rejected),
                Policy::All => (yes == all).then_some(Verdict::Approved),
                Policy::Majority if 2 * yes > all => Some(Verdict::Approved),
                Policy::Majority => (2 * (yes + silent) <= all).then_some(Verdict::Rejected),
            };
            if let Some(verdict) = decided {
                return verdict;
            }
        }
        Verdict::Open
    }

    /// All orders of the numbers below `n`.
    fn orders(n: usize) -> Vec<Vec<usize>> {
        if n == 0 {
            return vec![Vec::new()];
        }
        let shorter = orders(n - 1);
        let with = |at: usize, order: &Vec<usize>| {
            let mut order = order.clone();
            order.insert(at, n - 1);
            order
        };
        shorter.iter().flat_map(|order| (0..n).map(move |at| with(at, order))).collect()
    }

    #[test]
    fn every_order_of_answers_of_one_to_five_people_comes_to_what_the_rules_say() {
        let mut seen = 0;
        for policy in Policy::ALL {
            for people in 1..=5 {
                for order in orders(people) {
                    for answers in 0..1_u32 << people {
                        let mut said = vec![None; people];
                        let mut heard = Vec::new();
                        for person in &order {
                            if Tally::of(said.clone()).verdict(policy) != Verdict::Open {
                                break;
                            }
                            let yes = answers >> person & 1 == 1;
                            said[*person] = Some(if yes { Decision::Approve } else { Decision::Reject });
                            heard.push(yes);
                            let verdict = Tally::of(said.clone()).verdict(policy);
                            assert_eq!(verdict, model(policy, people, &heard), "{policy} of {people}: {heard:?}");
                            seen += 1;
                        }
                        assert_ne!(Tally::of(said).verdict(policy), Verdict::Open, "{policy} of {people}: {heard:?}");
                    }
                }
            }
        }
        assert!(seen > 20_000, "{seen} answers");
    }

    #[test]
    fn without_anybody_nothing_passes() {
        for policy in Policy::ALL {
            assert_eq!(Tally::of([]).verdict(policy), Verdict::Nobody);
        }
    }

    #[test]
    fn who_is_removed_is_not_counted_any_more() {
        let of_three = [Some(Decision::Approve), None, None];
        assert_eq!(Tally::of(of_three).verdict(Policy::All), Verdict::Open);
        assert_eq!(Tally::of([Some(Decision::Approve)]).verdict(Policy::All), Verdict::Approved);
        assert_eq!(Tally::of([Some(Decision::Approve), None]).verdict(Policy::Majority), Verdict::Open);
    }
}
