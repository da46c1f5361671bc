// Error codes: the same on the socket and over REST. What to do next is a property of the code. Rust: error.rs.
export type ErrorCode =
  | 'malformed' | 'invalid' | 'unknown_frame' | 'too_large'
  | 'unauthenticated' | 'token_expired' | 'token_revoked' | 'wrong_password'
  | 'not_allowed' | 'not_found' | 'not_member' | 'banned' | 'blocked'
  | 'conflict' | 'nonce_reused' | 'stale_send' | 'message_deleted'
  | 'upload_unfinished' | 'upload_refused'
  | 'limit_reached' | 'last_owner' | 'slow_mode' | 'rate_limited'
  | 'unavailable' | 'overloaded' | 'internal';

export interface WireError {
  code: ErrorCode;
  detail: string;
  field?: string;
  value?: unknown;
  bound?: unknown;
  retry_after_ms?: number;
}

export type Retry = 'final' | 'later' | 'sync' | 'sign_in';

const notFinal: Partial<Record<ErrorCode, Retry>> = {
  unauthenticated: 'sign_in',
  token_expired: 'sign_in',
  token_revoked: 'sign_in',
  stale_send: 'sync',
  upload_unfinished: 'later',
  slow_mode: 'later',
  rate_limited: 'later',
  unavailable: 'later',
  overloaded: 'later',
  internal: 'later',
};

/** A code that this client does not know is final: repeating what is not understood helps nobody. */
export const retryOf = (code: ErrorCode): Retry => notFinal[code] ?? 'final';
