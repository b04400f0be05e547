/** How long things take and wait, in one place: intervals, graces, retries and polls, each with its reason. */

// Checks: when they are due, tried again and given up.
/** Length of the window that one tick plans. */
export const PLAN_LENGTH_MS = 60_000;
/**
 * The window begins this long after the tick, so that rounds are in time even if the tick is late or the plan is
 * repeated.
 */
export const PLAN_LEAD_MS = 15_000;
/** No cron ticks a day before its time. */
export const MAX_TICK_AHEAD_MS = 86_400_000;
/** The planned minute begins 15 s after the tick. If the database comes back before this time, most rounds still run. */
export const KEEP_PLANNING_MS = 50_000;
/** Pause before a plan that failed is tried again. */
export const PLAN_AGAIN_MS = 2_000;
/** Pause before a round that failed in the hub itself is run again, as in wrangler.toml. */
export const ROUND_AGAIN_MS = 5_000;
/** Pause before the first retry of a check; each further one is twice as long. */
export const FIRST_RETRY_MS = 1_000;
/** A retry without a result counts as lost this long after its timeout. */
export const LOST_RETRY_MS = 10_000;
/** The same for an agent, which needs no queue and no other vantage. */
export const AGENT_LOST_RETRY_MS = 1_000;
/** Of the platform's time: its queue knows whole seconds only. */
export const LONGEST_EARLY_MS = 5_000;
/** How often a program that checks looks whether it stands still. A quick check ends before. */
export const LATE_LOOK_MS = 100;
/** A timer that comes so late shows that the program stood still; a busy one is late by less. */
export const STOOD_STILL_MS = 150;
/** The way to a vantage and back may take this long. */
export const WAY_TO_VANTAGE_MS = 10_000;
/** A service is down for at least this long before its breaker opens: most outages are over by then. */
export const BREAKER_OPENS_AFTER_MS = 300_000;
/** With an open breaker there is still at least one check in five minutes. */
export const BREAKER_MAX_GAP_S = 300;
/**
 * Marks a service as flapping after many flips in a short time. The mark ends when the service had no flip for as long.
 */
export const FLAPPING_WINDOW_MS = 600_000;
/** The platform gives up some 20 s after a connection attempt that hangs was closed. */
export const SLOT_HELD_MS = 25_000;
/** A check that has no connection by then is done in a further invocation, which has connections of its own. */
export const CROWDED_AFTER_MS = 1_000;
/** A consumer may work for 15 minutes. What has not begun by then could not end in time with the longest timeout. */
export const LAST_START_MS = 10 * 60_000;

// Silence: how long nothing may be heard.
/** Silence that is allowed beyond the three intervals. It covers a lost cron tick and a slow queue. */
export const STALE_GRACE_MS = 75_000;
/** An agent needs neither the cron nor the queue. It may lose its connection for a moment. */
export const AGENT_GRACE_MS = 5_000;
/** Seconds of silence that are allowed after the interval of a heartbeat, when the check sets no `grace`. */
export const DEFAULT_GRACE_S = 30;
/** The cron of a deployed hub comes each minute and may lose a tick. When it is later than this, the hub was away. */
export const AWAY_MS = 150_000;
/** Shorter ones are no longer than the time between two checks. */
export const SHORTEST_GAP_MS = 5_000;
/** How often a local hub looks at the clock. */
export const CLOCK_LOOK_MS = 1_000;
/** An alarm that comes later than this shows that the hub was paused or away. */
export const LATE_ALARM_MS = 5_000;
/** The alarm of the board comes at most once a second. */
export const SILENCE_ALARM_GAP_MS = 1_000;
/** Pause after an alarm that changed no overdue service, or that failed. */
export const SILENCE_ALARM_IDLE_MS = 10_000;
/** How far a clock may be ahead of the hub's. An agent follows the hub's clock. */
export const MAX_AGENT_AHEAD_MS = 60_000;
/** An observation that is later than this, although the hub had refused the report, is history only: nobody wants to hear of it any more. */
export const MAX_REFUSED_MS = 60_000;

// Parts of the hub that were away: when they are asked again.
/** How often a board that could not be loaded asks the database. */
export const LOAD_BOARD_AGAIN_MS = 5_000;
/** For an answer of the database. D1 itself gives up after 30 s, a local database never does. */
export const DATABASE_MS = 20_000;
/** The same where somebody waits for an answer, and a queue takes what the database does not. */
export const DATABASE_AT_ONCE_MS = 1_000;
/** The board need not hear of every round that is recorded. */
export const RECORDED_TOLD_MS = 10_000;
/** The same where the whole hub waits for it: the planner, and the board that begins. */
export const DATABASE_SOON_MS = 5_000;
/** By then, what follows from a change has usually happened at once. */
export const REGISTRY_SETTLED_MS = 5_000;
/** A tombstone is kept for this time. Rounds that were planned before the service left have ended by then. */
export const TOMBSTONE_MS = 3_600_000;
/** The time until a failed connection is tried again. */
export const FIRST_RECONNECT_MS = 500;
/** However long the relay was away, its return is noticed within this time. */
export const LONGEST_RECONNECT_MS = 30_000;
/**
 * A summary of 10,000 services has 2 MB, so the bridge sends at most one in this time. A change must be published
 * within 2 s.
 */
export const SUMMARY_GAP_MS = 1_000;
/** Latest values are sent each minute. One that was refused is named for a little longer than that. */
export const LATEST_REFUSED_MS = 150_000;
/** Until the next minute, whose tick sends the summary anyway. */
export const SUMMARY_AGAIN_MS = 2_000;
/** Whoever tells a reader of the log that there are new events waits no longer for its answer. */
export const WAKE_LIMIT_MS = 1_000;

// Clients and sockets.
/** A client that is there pings each minute. */
export const SOCKET_SILENT_MS = 90_000;
/** A ticket is fetched to open a socket at once. */
export const TICKET_VALID_MS = 30_000;
/** Heard of no longer ago than this. An agent asks for its checks each 25 s, and the time is noted each 30 s. */
export const AGENT_ONLINE_MS = 90_000;
/**
 * An agent that was heard of within this time has its name, and another process is refused. An agent asks each 25 s, the
 * time is noted each 30 s, and the two together make 50 s.
 */
export const AGENT_HOLDS_NAME_MS = 60_000;
/** How often a waiting request looks whether anything changed. */
export const AGENT_CHECKS_LOOK_MS = 2_000;
/** A key that was revoked elsewhere is good for heartbeats for this long, if the database is away so soon. */
export const KEY_REMEMBERED_MS = 3_600_000;

// Other hubs.
/** A hub that takes longer to answer counts as degraded. */
export const PEER_DEGRADED_ABOVE_MS = 2_000;
/** A pull ends by then, however long the interval between pulls. */
export const PEER_MAX_TIMEOUT_S = 10;
/** An address that could not be joined is tried again after 1, 2, 4 … s, and at the latest after this time. */
export const JOIN_MAX_RETRY_MS = 60_000;
/** A registration is answered after the other hub has called back. */
export const JOIN_REQUEST_MS = 10_000;
/** A hub that waits for an admin is forgotten after this time, so that its place is free again. */
export const PENDING_KEPT_MS = 86_400_000;
/** A peer that makes this hub find a restored database again and again gains nothing. */
export const EPOCH_GAP_MS = 60_000;
/** A hub that was introduced and can't be joined. */
export const INTRODUCTION_RETRY_MS = 600_000;
/** A flip is in its hub's database after some seconds, or after the outage of that database. */
export const PUSH_COUNTS_MS = 120_000;
/** A hub that breaks the protocol does not do so by accident; it is asked again after this time. */
export const PROTOCOL_ERROR_MS = 900_000;
/** After a rotation the key before is valid for this time, in which every other hub must be heard once. */
export const KEY_OVERLAP_MS = 7 * 86_400_000;
/** Twice the time that a signature is valid: it may be dated ahead as much as back. */
export const NONCE_KEPT_MS = 120_000;
/** A hub publishes its summary each minute, and at each change of its health. */
export const HEARD_GAP_MS = 5_000;
/** A peer that sends more in one go has time until the next. What was taken in by then stays. */
export const MAX_PULL_MS = 30_000;

// Agents.
/** A lane that takes longer to say what silence means is left out, so that the others are judged in time. */
export const LANE_ANSWERS_MS = 5_000;
/** The rounds of one lane in an agent's report, one after the other. */
export const LANE_TAKES_MS = 15_000;
/** A lane that did not answer is asked again after this time. */
export const LANE_AGAIN_MS = 15_000;
/** A check that could not be read is named in the hub's health for this long after it was tried last. */
export const UNREAD_NAMED_MS = 3_600_000;
/** A service that others need is checked at most this often because of their failures. */
export const CAUSE_AGAIN_MS = 5_000;
/** How often an agent looks which rounds are due soon. */
export const AGENT_PLAN_MS = 500;
/** How far ahead rounds are planned. */
export const AGENT_PLAN_AHEAD_MS = 1_000;
/** After a pause of the machine, rounds that are longer due than this are left out. */
export const AGENT_LATE_MS = 1_000;
/** Observations that come within this time travel together. */
export const REPORT_GATHER_MS = 200;
/** Longest pause of an agent before it sends a report again that failed. */
export const REPORT_MAX_RETRY_MS = 5_000;
/** The longest pause that the hub may ask for. */
export const REPORT_MAX_PAUSE_MS = 60_000;
/** Longest pause before an agent asks a hub for its checks that did not answer. */
export const AGENT_MAX_RETRY_MS = 5_000;
/** Pause of an agent that its hub refuses: only a person can help. */
export const LOCKED_OUT_MS = 30_000;
/** Shortest pause of an agent whose name another process has: that one may have ended without a word. */
export const NAME_RETRY_MS = 5_000;
/** How often an agent reads all containers, in case an event was missed. */
export const CONTAINERS_RECONCILE_MS = 300_000;
/** Longest pause before an engine that does not answer is tried again. */
export const ENGINE_MAX_RETRY_MS = 5_000;
/**
 * Limits of the calls of an engine. One that works answers within milliseconds, a busy one within a second. A check that
 * waits for the limit must still be told before the hub takes the service for silent (AGENT_GRACE_MS).
 */
export const ENGINE_INSPECT_MS = 3_000;
/** The list of all containers, which no check waits for. */
export const ENGINE_LIST_MS = 10_000;
/** Until the engine says that it tells what happens. */
export const ENGINE_EVENTS_MS = 10_000;
/** Until a command in a container has begun. */
export const ENGINE_RUN_MS = 3_000;
/** The use of a container is told beside its health, and must not make the check late. */
export const ENGINE_USAGE_MS = 2_000;
/** After the start of the agent, a check waits so long for the first look at the containers. */
export const ENGINE_FIRST_LOOK_MS = 3_000;

// Trouble of the database: how often the log tells of it.
/** While it lasts, the log says so again after this time. */
export const TROUBLE_AGAIN_MS = 600_000;
/** The cron comes each minute. When it and all else met no trouble for this long, the trouble is over. */
export const TROUBLE_OVER_MS = 90_000;
/** The service of a container that is gone is kept for 30 days, with its history. */
export const CONTAINERS_KEPT_MS = 30 * 86_400_000;
