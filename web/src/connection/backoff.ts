/** The longest wait before the next try, in ms. */
const CAP_MS = 30_000;
const BASE_MS = 500;

/** Full jitter: anything between nothing and a bound that doubles, so that a thousand clients do not come back at once. */
export const backoffMs = (tries: number, random: number): number => random * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(tries, 16));
