/** The database has a check about so long, in ms, after the feed told of it. */
export const SETTLE_MS = 1_500;
