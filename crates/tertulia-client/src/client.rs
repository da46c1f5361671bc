//! The task that runs a [`session`](crate::session) on a real connection, with the system's clock.
//!
//! The application sends [`Input`]s and hears [`Event`]s; both ways are bounded. While the application does not take its
//! events, the task stops reading the socket.

use std::{collections::VecDeque, fmt, pin::Pin, time::Duration};

use tertulia_protocol::socket::{client::ClientFrame, server::ServerFrame};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    connection::{Address, Connection, Heard},
    session::{Event, Input, Output, Saved, Session},
};

/// Events that wait for the application before the task stops reading the socket.
const EVENTS_MAX: usize = 256;
/// Inputs that wait for the task.
const INPUTS_MAX: usize = 256;
/// How long writing may take before the connection counts as lost: the server does not read any more.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
/// How long closing may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// Something that looks at each frame as it came, before the session does.
pub type Tap = Box<dyn FnMut(Tapped<'_>) + Send>;

/// What a [`Tap`] sees.
#[derive(Debug, Clone, Copy)]
pub enum Tapped<'a> {
    /// A frame came.
    Heard(&'a ServerFrame),
    /// Something came that is no frame that this client knows.
    Unknown(&'a str),
    /// A frame is written.
    Said(&'a ClientFrame),
    /// The connection ended.
    Closed,
}

/// What a client is made of.
pub struct Options {
    /// Where the server is.
    pub address: Address,
    /// The device's token.
    pub token: String,
    /// The program's name in the list of devices.
    pub name: String,
    /// What the device kept from before.
    pub saved: Saved,
    /// Where the session's chance comes from.
    pub seed: u64,
    /// Looks at each frame.
    pub tap: Option<Tap>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("address", &self.address)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The application's end of a session that runs.
#[derive(Debug)]
pub struct Client {
    inputs: mpsc::Sender<Input>,
    /// What the session says.
    pub events: mpsc::Receiver<Event>,
    task: JoinHandle<Saved>,
}

impl Client {
    /// Starts a session on the present runtime.
    pub fn start(options: Options) -> Self {
        let (inputs, inputs_end) = mpsc::channel(INPUTS_MAX);
        let (events_end, events) = mpsc::channel(EVENTS_MAX);
        let task = tokio::spawn(Task::new(options, events_end).run(inputs_end));
        Self { inputs, events, task }
    }

    /// Gives the session something to do. Waits while it has too much to do; `false` if it has ended.
    pub async fn send(&self, input: Input) -> bool {
        self.inputs.send(input).await.is_ok()
    }

    /// A cheap way to give the session something to do from elsewhere.
    pub fn inputs(&self) -> mpsc::Sender<Input> {
        self.inputs.clone()
    }

    /// Ends the session, and gives back what is to be kept, and the events that belong to it and were not taken yet.
    pub async fn stop(&mut self) -> (Saved, Vec<Event>) {
        // An error means that it has ended already.
        let _ = self.inputs.send(Input::Stop).await;
        let mut events = Vec::new();
        while let Some(event) = self.events.recv().await {
            events.push(event);
        }
        ((&mut self.task).await.unwrap_or_default(), events)
    }
}

type Opening = Pin<Box<dyn Future<Output = Option<Connection>> + Send>>;

struct Task {
    session: Session,
    address: Address,
    tap: Option<Tap>,
    events: mpsc::Sender<Event>,
    backlog: VecDeque<Event>,
    opening: Option<Opening>,
    connection: Option<Connection>,
    started: Instant,
}

enum Turn {
    Input(Option<Input>),
    Opened(Option<Connection>),
    Heard(Heard),
    Time,
    Told,
    Unheard,
}

impl Task {
    fn new(options: Options, events: mpsc::Sender<Event>) -> Self {
        Self {
            session: Session::new(&options.token, &options.name, options.saved, options.seed),
            address: options.address,
            tap: options.tap,
            events,
            backlog: VecDeque::new(),
            opening: None,
            connection: None,
            started: Instant::now(),
        }
    }

    async fn run(mut self, mut inputs: mpsc::Receiver<Input>) -> Saved {
        self.session.handle(0, Input::Time);
        loop {
            self.carry_out().await;
            let Some(turn) = self.turn(&mut inputs).await else {
                return self.session.save();
            };
            let now_ms = self.now_ms();
            match turn {
                Turn::Input(Some(input)) => self.session.handle(now_ms, input),
                Turn::Input(None) => self.session.handle(now_ms, Input::Stop),
                Turn::Opened(connection) => {
                    self.opening = None;
                    let input = if connection.is_some() { Input::Opened } else { Input::Closed(None) };
                    self.connection = connection;
                    self.session.handle(now_ms, input);
                }
                Turn::Heard(heard) => self.heard(now_ms, heard),
                Turn::Time => self.session.handle(now_ms, Input::Time),
                Turn::Told => {}
                Turn::Unheard => self.session.handle(now_ms, Input::Stop),
            }
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits for the next thing to happen; `None` when the session is over and everything was told.
    async fn turn(&mut self, inputs: &mut mpsc::Receiver<Input>) -> Option<Turn> {
        let deadline_ms = self.session.deadline_ms();
        if deadline_ms.is_none() && (self.backlog.is_empty() || self.events.is_closed()) {
            return None;
        }
        let deadline =
            self.started + Duration::from_millis(deadline_ms.unwrap_or(0).min(u64::from(u32::MAX)));
        let is_full = self.backlog.len() >= EVENTS_MAX;
        let turn = tokio::select! {
            biased;
            permit = self.events.reserve(), if !self.backlog.is_empty() => match permit {
                Ok(permit) => {
                    if let Some(event) = self.backlog.pop_front() {
                        permit.send(event);
                    }
                    Turn::Told
                }
                Err(_) => {
                    self.backlog.clear();
                    Turn::Unheard
                }
            },
            input = inputs.recv(), if deadline_ms.is_some() => Turn::Input(input),
            connection = opened(&mut self.opening), if self.opening.is_some() => Turn::Opened(connection),
            heard = heard(&mut self.connection), if self.connection.is_some() && !is_full => Turn::Heard(heard),
            () = sleep_until(deadline), if deadline_ms.is_some() => Turn::Time,
        };
        Some(turn)
    }

    fn heard(&mut self, now_ms: u64, heard: Heard) {
        match heard {
            Heard::Frame(frame) => {
                self.tap(Tapped::Heard(&frame));
                self.session.handle(now_ms, Input::Frame(frame));
            }
            Heard::Unknown { text, .. } => self.tap(Tapped::Unknown(&text)),
            Heard::Closed(code) => {
                self.connection = None;
                self.tap(Tapped::Closed);
                self.session.handle(now_ms, Input::Closed(code));
            }
        }
    }

    /// Does what the session wants done.
    async fn carry_out(&mut self) {
        let mut frames = Vec::new();
        while let Some(output) = self.session.poll() {
            match output {
                Output::Tell(event) => self.backlog.push_back(event),
                Output::Write(frame) => frames.push(frame),
                Output::Open => {
                    self.connection = None;
                    let address = self.address.clone();
                    self.opening = Some(Box::pin(async move { Connection::open(&address).await.ok() }));
                }
                Output::Close => {
                    frames.clear();
                    self.opening = None;
                    if let Some(connection) = self.connection.take() {
                        self.tap(Tapped::Closed);
                        // A server that does not read gets no goodbye.
                        let _ = timeout(CLOSE_PATIENCE, connection.close()).await;
                    }
                }
            }
        }
        self.write(&frames).await;
    }

    async fn write(&mut self, frames: &[ClientFrame]) {
        if frames.is_empty() {
            return;
        }
        for frame in frames {
            self.tap(Tapped::Said(frame));
        }
        let Some(connection) = &mut self.connection else { return };
        if !matches!(timeout(WRITE_PATIENCE, connection.write(frames)).await, Ok(Ok(()))) {
            self.connection = None;
            self.tap(Tapped::Closed);
            let now_ms = self.now_ms();
            self.session.handle(now_ms, Input::Closed(None));
        }
    }

    fn tap(&mut self, tapped: Tapped<'_>) {
        if let Some(tap) = &mut self.tap {
            tap(tapped);
        }
    }
}

async fn opened(opening: &mut Option<Opening>) -> Option<Connection> {
    match opening {
        Some(opening) => opening.await,
        None => std::future::pending().await,
    }
}

async fn heard(connection: &mut Option<Connection>) -> Heard {
    match connection {
        Some(connection) => connection.next().await,
        None => std::future::pending().await,
    }
}
