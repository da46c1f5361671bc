//! What was said in a session, both ways, made short and always the same.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The time that a transcript begins at, in ms.
const BEGINNING: u64 = 1_790_000_000_000;
/// Milliseconds from one step to the next.
const STEP_MS: u64 = 1_000;
/// Digits of a time in ms.
const TIME_DIGITS: usize = 13;

/// Writes down what is said. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Transcript>>);

#[derive(Debug, Default)]
struct Transcript {
    lines: Vec<String>,
    /// What is written instead of what.
    names: Vec<(String, String)>,
    /// Times, and the step in which each came first.
    times: Vec<(String, u64)>,
    step: u64,
    /// How many nonces the server has chosen.
    nonces: u64,
}

impl Recorder {
    fn lock(&self) -> MutexGuard<'_, Transcript> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on something is called otherwise, in quotes and out of them.
    pub fn call(&self, what: &str, name: &str) {
        self.lock().names.push((what.to_owned(), name.to_owned()));
    }

    /// Begins a step, with a sentence about it.
    pub fn step(&self, about: &str) {
        let mut transcript = self.lock();
        transcript.step += 1;
        if transcript.step > 1 {
            transcript.lines.push(String::new());
        }
        transcript.lines.push(format!("# {about}"));
    }

    /// Somebody says something.
    pub fn said(&self, who: &str, what: &str) {
        self.line(who, '>', what);
    }

    /// Somebody hears something.
    pub fn heard(&self, who: &str, what: &str) {
        self.line(who, '<', what);
    }

    fn line(&self, who: &str, direction: char, what: &str) {
        let mut transcript = self.lock();
        transcript.see_times(what);
        if direction == '<' {
            transcript.see_nonces(what);
        }
        transcript.lines.push(format!("{who} {direction} {}", what.trim_end()));
    }

    /// All of it.
    pub fn text(&self) -> String {
        let transcript = self.lock();
        let mut text = transcript.lines.join("\n") + "\n";
        for (what, name) in &transcript.names {
            text = text.replace(what, name);
        }
        for (time, step) in &transcript.times {
            text = text.replace(time, &(BEGINNING + step * STEP_MS).to_string());
        }
        sort_lists(&text)
    }
}

/// Read markers come in the order of people's ids, which were others before they were made short.
fn sort_lists(text: &str) -> String {
    let mut parts = text.split("\"reads\":[");
    let mut sorted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (list, rest) = part.split_once(']').unwrap_or((part, ""));
        let mut items: Vec<&str> =
            list.split_inclusive('}').map(|item| item.trim_start_matches(',')).collect();
        items.sort_unstable();
        sorted.push_str(&format!("\"reads\":[{}]{rest}", items.join(",")));
    }
    sorted
}

impl Transcript {
    /// Nonces that nobody has said are the server's own, of what was asked over REST without one: they are counted.
    fn see_nonces(&mut self, text: &str) {
        for nonce in text.split("\"nonce\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let is_said = self.lines.iter().any(|line| line.contains(nonce));
            if !is_said && !self.names.iter().any(|(known, _)| known == nonce) {
                self.nonces += 1;
                self.names.push((nonce.to_owned(), format!("{:032x}", self.nonces)));
            }
        }
    }

    /// Times are told by the step that they first came in: so they are the same in every run.
    fn see_times(&mut self, text: &str) {
        for digits in text.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            let is_time = digits.len() == TIME_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
            if is_time && !self.times.iter().any(|(known, _)| known == digits) {
                self.times.push((digits.to_owned(), self.step));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_times_are_replaced_everywhere() {
        let recorder = Recorder::default();
        recorder.call("8417", "101");
        recorder.step("One");
        recorder.said("Amaia", r#"{"user":"8417","at":1700000000001}"#);
        recorder.step("Two");
        recorder.heard("Amaia", r#"{"at":1700000000001,"now":1700000000007} "#);
        let expected = "# One\nAmaia > {\"user\":\"101\",\"at\":1790000001000}\n\n# Two\n\
                        Amaia < {\"at\":1790000001000,\"now\":1790000002000}\n";
        assert_eq!(recorder.text(), expected);
    }

    #[test]
    fn nonces_of_the_servers_are_counted() {
        let recorder = Recorder::default();
        recorder.said("Amaia", r#"{"t":"send","nonce":"5c0f"}"#);
        recorder.heard("Amaia", r#"[{"nonce":"d1b9"},{"nonce":"5c0f"},{"nonce":"77aa"}]"#);
        recorder.heard("Amaia", r#"{"nonce":"d1b9"}"#);
        let (first, second) = (format!("{:032x}", 1), format!("{:032x}", 2));
        let expected = format!(
            "Amaia > {{\"t\":\"send\",\"nonce\":\"5c0f\"}}\n\
             Amaia < [{{\"nonce\":\"{first}\"}},{{\"nonce\":\"5c0f\"}},{{\"nonce\":\"{second}\"}}]\n\
             Amaia < {{\"nonce\":\"{first}\"}}\n"
        );
        assert_eq!(recorder.text(), expected);
    }

    #[test]
    fn read_markers_are_in_the_order_of_the_short_ids() {
        let text = r#"a {"reads":[{"user":"2"},{"user":"1"}],"x":[2,1]} b {"reads":[]}"#;
        let sorted = r#"a {"reads":[{"user":"1"},{"user":"2"}],"x":[2,1]} b {"reads":[]}"#;
        assert_eq!(sort_lists(text), sorted);
    }
}
