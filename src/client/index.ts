/**
 * The client of a hub for programs: `createHubClient` for the HTTP API, `watchHub` for what changes.
 *
 *     const hub = createHubClient({ url: "https://hub.example", key });
 *     const { services } = await responseBody(hub.services.$get({ query: { status: "down" } }));
 */

export type { FederationFrame, FlipFrame, Frame, Peer, ServiceLite } from "../core/board/live-protocol.ts";
export type { FeedState, FeedTiming } from "./feed.ts";
export type { HubClient, HubClientOptions } from "./hub-client.ts";
export { createHubClient } from "./hub-client.ts";
export type { FieldError, SuccessBody } from "./problem.ts";
export { expectSuccess, HubProblem, responseBody } from "./problem.ts";
export type { FramesByPath, WatchOptions, WatchPath } from "./watch.ts";
export { watchHub } from "./watch.ts";
