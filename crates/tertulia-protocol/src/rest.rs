//! Bodies of REST `/v1`, one module a noun.
