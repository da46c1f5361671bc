import type { WireError } from '../protocol/errors';

/** The server's "no", from the socket or from REST. */
export class RequestError extends Error {
  readonly wire: WireError;
  constructor(wire: WireError) {
    super(wire.detail);
    this.wire = wire;
  }
}

/** No answer came: the line was lost, so nobody knows whether it was done. */
export class ConnectionLost extends Error {
  constructor() {
    super('the connection was lost');
  }
}
