//! Every captured scenario gives the facts that are expected of it, in whatever order its spans come.

use super::facts;
use super::samples::{Scenario, scenarios, shuffled};
use runboard::otlp::derive;

/// Runs one check over all scenarios and tells all that fail at once.
fn all(check: impl Fn(&Scenario) -> Vec<String>) {
    let scenarios = scenarios();
    let wrong: Vec<String> =
        scenarios.iter().flat_map(|s| check(s).into_iter().map(|w| format!("{}: {w}", s.id))).collect();
    let failed: std::collections::BTreeSet<&str> = wrong.iter().filter_map(|w| w.split(':').next()).collect();
    println!("{} of {} scenarios as expected", scenarios.len() - failed.len(), scenarios.len());
    assert!(wrong.is_empty(), "{} facts:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn as_given() {
    all(|s| facts::wrong(s, &derive(&s.spans(), &s.logs())));
}

#[test]
fn backwards() {
    all(|s| {
        let (mut spans, mut logs) = (s.spans(), s.logs());
        spans.reverse();
        logs.reverse();
        facts::wrong(s, &derive(&spans, &logs))
    });
}

#[test]
fn shuffled_with_duplicates_it_is_the_very_same() {
    all(|s| {
        let expected = derive(&s.spans(), &s.logs());
        let differ = (1..=5).filter(|seed| {
            let (mut spans, mut logs) = (s.spans(), s.logs());
            spans.extend(s.spans().into_iter().step_by(2));
            logs.extend(s.logs());
            derive(&shuffled(spans, *seed), &shuffled(logs, *seed)) != expected
        });
        let mut wrong: Vec<String> = differ.map(|seed| format!("differs with seed {seed}")).collect();
        wrong.extend(facts::wrong(s, &expected));
        wrong
    });
}

#[test]
fn batch_after_batch_it_comes_to_the_same_and_never_ends_too_early() {
    all(|s| {
        let mut wrong = Vec::new();
        let (mut spans, mut runs) = (Vec::new(), Vec::new());
        let expected = derive(&s.spans(), &s.logs());
        for batch in &s.batches {
            spans.extend(batch.iter().cloned());
            runs = derive(&spans, &s.logs());
            let ended = runs.iter().filter(|run| run.ending.ended().is_some());
            for run in ended {
                let last = expected.iter().find(|e| e.key == run.key);
                if last.is_none_or(|last| last.ending != run.ending) {
                    wrong.push(format!("{} ended otherwise before all was there", run.key));
                }
            }
        }
        if runs != expected {
            wrong.push("came to something else".to_owned());
        }
        wrong
    });
}

#[test]
fn span_by_span_no_run_changes_its_key() {
    all(|s| {
        let all = s.spans();
        let expected: Vec<String> = derive(&all, &s.logs()).iter().map(|run| run.key.to_string()).collect();
        let wrong = (1..=all.len()).flat_map(|n| {
            let runs = derive(all.get(..n).expect("a part"), &s.logs());
            let strange =
                runs.into_iter().filter(|run| run.replaces.is_empty() && !expected.contains(&run.key.to_string()));
            strange.map(|run| format!("{} after {n} spans", run.key)).collect::<Vec<_>>()
        });
        // A call that turns out to be another one's second report is replaced: that is the one exception.
        let known: Vec<String> =
            derive(&all, &s.logs()).iter().flat_map(|r| &r.replaces).map(ToString::to_string).collect();
        wrong.filter(|w| !known.iter().any(|key| w.starts_with(key))).collect()
    });
}
