//! Why a connection ends, in the numbers that the wire knows.

use thiserror::Error;

/// A close code that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server goes down, or the page was left.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of message that is not understood here.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1007: text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// 1008: a rule was broken that has no code of its own.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message over the size limit.
    pub const TOO_BIG: Self = Self(1009);
    /// 1011: the server failed.
    pub const INTERNAL: Self = Self(1011);
    /// 1012: the server restarts.
    pub const RESTART: Self = Self(1012);
    /// 1013: the server is overloaded.
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// The code `number`, or `None` when a close frame must not carry it.
    pub const fn new(number: u16) -> Option<Self> {
        match number {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(number)),
            _ => None,
        }
    }

    /// Its number on the wire.
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// How a peer broke the framing. The connection cannot be read any further.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Violation {
    /// RFC 6455 section 5.1: clients mask.
    #[error("frame is not masked")]
    Unmasked,
    /// No extension was negotiated that could use them.
    #[error("reserved bits are set")]
    ReservedBits,
    /// One of the opcodes that nobody has defined.
    #[error("opcode {0} is unknown")]
    UnknownOpcode(u8),
    /// A control frame announces more than 125 bytes.
    #[error("control frame is longer than 125 bytes")]
    ControlTooLong,
    /// A control frame without the final bit.
    #[error("control frame is fragmented")]
    ControlFragmented,
    /// A continuation frame with nothing to continue.
    #[error("continuation without a message")]
    StrayContinuation,
    /// A new message before the last fragment of the one before.
    #[error("message begins inside another")]
    Interrupted,
    /// The highest bit of a 64-bit length is set.
    #[error("frame length is over 2^63")]
    ImpossibleLength,
    /// The frames of one message announce more bytes than are taken.
    #[error("message is longer than {limit} bytes")]
    MessageTooBig {
        /// Bytes a message may have.
        limit: usize,
    },
    /// One message in more frames than are taken.
    #[error("message has more than {limit} fragments")]
    TooManyFragments {
        /// Frames a message may have.
        limit: u32,
    },
    /// Text, or the reason in a close frame, that is not UTF-8.
    #[error("text is not UTF-8")]
    InvalidUtf8,
    /// A close frame with half a code.
    #[error("close frame has one byte")]
    CloseTooShort,
    /// A close frame with a code that must not be sent.
    #[error("close code {0} is not allowed")]
    InvalidCloseCode(u16),
}

impl Violation {
    /// The code that the peer is told.
    pub const fn code(self) -> CloseCode {
        match self {
            Self::MessageTooBig { .. } => CloseCode::TOO_BIG,
            Self::TooManyFragments { .. } => CloseCode::POLICY,
            Self::InvalidUtf8 => CloseCode::INVALID_DATA,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}
