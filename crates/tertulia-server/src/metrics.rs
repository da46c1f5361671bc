//! What a process counts, for Prometheus: counters, gauges and times, all atomics.
//!
//! Whoever counts asks once for a [`Counter`] or [`Times`] and keeps it; what is known elsewhere is watched by a
//! function that is called when somebody looks. `api/` serves the text at `/metrics`.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Upper bounds of the buckets of [`Times`], in microseconds: from a millisecond to ten seconds.
const BUCKETS_US: [u64; 10] =
    [1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 2_500_000, 10_000_000];

/// Everything that this process counts.
#[derive(Default)]
pub struct Metrics {
    families: Mutex<BTreeMap<&'static str, Family>>,
}

struct Family {
    kind: Kind,
    help: &'static str,
    /// By labels, as they are written.
    samples: BTreeMap<String, Sample>,
}

/// Whether a number only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Times in buckets.
    Histogram,
}

enum Sample {
    Counted(Counter),
    Watched(Box<dyn Fn() -> u64 + Send + Sync>),
    Timed(Times),
}

/// A number that grows.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds to it.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Its value.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long things took.
#[derive(Debug, Clone, Default)]
pub struct Times(Arc<TimesInner>);

#[derive(Debug, Default)]
struct TimesInner {
    /// How many fell into each bucket, and above the last.
    buckets: [AtomicU64; BUCKETS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Times {
    /// One more thing took this long.
    pub fn record(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_US.partition_point(|bound| *bound < us);
        self.0.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.0.sum_us.fetch_add(us, Ordering::Relaxed);
    }
}

impl Metrics {
    /// The counter of this name with these labels.
    pub fn counter(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Counter {
        let mut families = self.lock();
        let family = families.entry(name).or_insert_with(|| Family::new(Kind::Counter, help));
        let sample =
            family.samples.entry(written(labels)).or_insert_with(|| Sample::Counted(Counter::default()));
        match sample {
            Sample::Counted(counter) => counter.clone(),
            // Watched or timed by somebody else: count where nobody sees it rather than stop the server.
            Sample::Watched(_) | Sample::Timed(_) => Counter::default(),
        }
    }

    /// The times of this name with these labels.
    pub fn times(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Times {
        let mut families = self.lock();
        let family = families.entry(name).or_insert_with(|| Family::new(Kind::Histogram, help));
        let sample = family.samples.entry(written(labels)).or_insert_with(|| Sample::Timed(Times::default()));
        match sample {
            Sample::Timed(times) => times.clone(),
            Sample::Counted(_) | Sample::Watched(_) => Times::default(),
        }
    }

    /// A number that is known elsewhere: asked for when somebody looks.
    pub fn watch(
        &self,
        (name, help, kind): (&'static str, &'static str, Kind),
        labels: &[(&str, &str)],
        value: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        let mut families = self.lock();
        let family = families.entry(name).or_insert_with(|| Family::new(kind, help));
        family.samples.insert(written(labels), Sample::Watched(Box::new(value)));
    }

    /// The sum of a name's numbers over all labels.
    pub fn total(&self, name: &str) -> u64 {
        let families = self.lock();
        let samples = families.get(name).into_iter().flat_map(|family| family.samples.values());
        samples
            .map(|sample| match sample {
                Sample::Counted(counter) => counter.value(),
                Sample::Watched(value) => value(),
                Sample::Timed(_) => 0,
            })
            .sum()
    }

    /// Everything, in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, family) in &*self.lock() {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            let _ = write!(text, "# HELP {name} {}\n# TYPE {name} {kind}\n", family.help);
            for (labels, sample) in &family.samples {
                match sample {
                    Sample::Counted(counter) => line(&mut text, name, "", labels, counter.value()),
                    Sample::Watched(value) => line(&mut text, name, "", labels, value()),
                    Sample::Timed(times) => times.write(&mut text, name, labels),
                }
            }
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Family>> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Family {
    fn new(kind: Kind, help: &'static str) -> Self {
        Self { kind, help, samples: BTreeMap::new() }
    }
}

impl Times {
    fn write(&self, text: &mut String, name: &str, labels: &str) {
        let mut count = 0;
        for (at, bucket) in self.0.buckets.iter().enumerate() {
            count += bucket.load(Ordering::Relaxed);
            let bound = BUCKETS_US.get(at).map_or("+Inf".to_owned(), |us| seconds(*us));
            let comma = if labels.is_empty() { "" } else { "," };
            line(text, name, "_bucket", &format!("{labels}{comma}le=\"{bound}\""), count);
        }
        line(text, name, "_sum", labels, seconds(self.0.sum_us.load(Ordering::Relaxed)));
        line(text, name, "_count", labels, count);
    }
}

fn seconds(us: u64) -> String {
    format!("{}", us as f64 / 1_000_000.0)
}

fn line(text: &mut String, name: &str, suffix: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = match labels {
        "" => writeln!(text, "{name}{suffix} {value}"),
        _ => writeln!(text, "{name}{suffix}{{{labels}}} {value}"),
    };
}

fn written(labels: &[(&str, &str)]) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    labels.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        let counter = metrics.counter("tertulia_things_total", "Things.", &[("kind", "a\"b")]);
        counter.add(2);
        metrics.counter("tertulia_things_total", "Things.", &[("kind", "a\"b")]).add(1);
        metrics.watch(("tertulia_open", "Open.", Kind::Gauge), &[], || 7);
        metrics.times("tertulia_took_seconds", "Took.", &[]).record(Duration::from_millis(30));
        let text = metrics.text();
        for expected in [
            "# HELP tertulia_open Open.\n# TYPE tertulia_open gauge\ntertulia_open 7\n",
            "# TYPE tertulia_things_total counter\ntertulia_things_total{kind=\"a\\\"b\"} 3\n",
            "tertulia_took_seconds_bucket{le=\"0.025\"} 0\ntertulia_took_seconds_bucket{le=\"0.05\"} 1\n",
            "tertulia_took_seconds_bucket{le=\"+Inf\"} 1\ntertulia_took_seconds_sum 0.03\ntertulia_took_seconds_count 1\n",
        ] {
            assert!(text.contains(expected), "{expected}\nis not in\n{text}");
        }
        assert_eq!((metrics.total("tertulia_things_total"), metrics.total("nothing")), (3, 0));
    }
}
