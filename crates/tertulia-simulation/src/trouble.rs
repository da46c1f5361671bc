//! What may happen to any call of a store: it takes its time, or fails, before or after it had its effect.

use std::sync::{Arc, Mutex, PoisonError};

use tertulia_ports::{EngineError, EngineResult};

use crate::{rng::Rng, tasks::Hub, weather::Weather};

/// How long a call takes in good weather, at most, in ms, to its effect and back.
const CALL_MS: u64 = 2;

/// Makes trouble for the calls of one store.
pub struct Trouble {
    engine: &'static str,
    hub: Arc<Hub>,
    weather: Arc<Weather>,
    rng: Mutex<Rng>,
}

impl Trouble {
    /// Trouble of this weather.
    pub fn new(engine: &'static str, hub: Arc<Hub>, weather: Arc<Weather>, rng: Rng) -> Self {
        Self { engine, hub, weather, rng: Mutex::new(rng) }
    }

    /// Before a call has its effect, or after. An error before means that it has none.
    pub async fn pass(&self) -> EngineResult<()> {
        let (ms, fails) = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            let usual_ms = rng.below(CALL_MS + 1);
            let ms = match self.weather.strikes(self.weather.slow, &mut rng) {
                true => rng.within(CALL_MS, CALL_MS + self.weather.slow_ms),
                false => usual_ms,
            };
            (ms, self.weather.strikes(self.weather.fail / 2, &mut rng))
        };
        if ms > 0 {
            self.hub.pause(ms).await;
        }
        match fails {
            true => Err(EngineError::new(self.engine, "bad weather")),
            false => Ok(()),
        }
    }
}
