/**
 * The header in which an object gets the id of the API key that opens a WebSocket. The API makes the request that it
 * passes on anew, so a client can't set it.
 */
export const KEY_HEADER = "x-hub-key";
/** The same with the ids of the projects that the key is limited to, separated by commas; absent: it is not. */
export const PROJECTS_HEADER = "x-hub-projects";
