//! A push service in memory: the reference for the suite, and what tests of the sender run on.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::{Delivery, Notification, Push, Subscription};
use crate::{EngineError, EngineResult};

/// How the service answers a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It takes the notification.
    Taken,
    /// The subscription has ended.
    Ended,
    /// The notification is too large for it.
    TooLarge,
    /// It does not understand the notification.
    Malformed,
    /// It is asked too often, and says when to come back if it knows.
    Busy(Option<Duration>),
    /// It is in trouble.
    Broken,
    /// It says nothing.
    Silent,
    /// It does not know this server.
    Unauthorized,
}

/// Push in memory. Takes what it is not told to answer otherwise.
#[derive(Debug, Default)]
pub struct InProcessPush {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    devices: u64,
    ended: HashSet<Subscription>,
    answers: VecDeque<Answer>,
    taken: Vec<(Subscription, Notification)>,
}

impl InProcessPush {
    /// A new device.
    pub fn subscribe(&self) -> Subscription {
        let mut state = self.state();
        state.devices += 1;
        Subscription::Fcm { token: format!("device-{}", state.devices) }
    }

    /// How the next send that has no answer yet is answered.
    pub fn answer_next(&self, answer: Answer) {
        self.state().answers.push_back(answer);
    }

    /// What was taken since this was asked last, in order.
    pub fn taken(&self) -> Vec<(Subscription, Notification)> {
        std::mem::take(&mut self.state().taken)
    }

    /// The state is whole between any two calls, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Push for InProcessPush {
    async fn send(&self, target: &Subscription, notification: &Notification) -> EngineResult<Delivery> {
        let mut state = self.state();
        if matches!(target, Subscription::Web(_)) {
            return Ok(Delivery::Refused { reason: "not a device of this service".to_owned() });
        }
        if state.ended.contains(target) {
            return Ok(Delivery::Gone);
        }
        Ok(match state.answers.pop_front().unwrap_or(Answer::Taken) {
            Answer::Taken => {
                state.taken.push((target.clone(), notification.clone()));
                Delivery::Delivered
            }
            Answer::Ended => {
                state.ended.insert(target.clone());
                Delivery::Gone
            }
            Answer::TooLarge => Delivery::Refused { reason: "too large".to_owned() },
            Answer::Malformed => Delivery::Refused { reason: "malformed".to_owned() },
            Answer::Busy(after) => Delivery::Later { after },
            Answer::Broken | Answer::Silent => Delivery::Later { after: None },
            Answer::Unauthorized => return Err(EngineError::new("push", "this server is not known")),
        })
    }
}
