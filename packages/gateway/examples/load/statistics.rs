//! Quartiles, as bench/statistics.ts has them.

use serde_json::{Value, json};

/// Quartiles of a sample.
pub fn quartiles(sample: impl IntoIterator<Item = f64>) -> Value {
    let sorted = sorted(sample);
    json!({ "q1": at(&sorted, 0.25), "median": at(&sorted, 0.5), "q3": at(&sorted, 0.75) })
}

/// The value below which `share` of the sample lies.
pub fn percentile(sample: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    at(&sorted(sample), share)
}

fn sorted(sample: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = sample.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn at(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    below + (above - below) * position.fract()
}
