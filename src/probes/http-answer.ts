/** An answer over HTTP, however it was fetched. */

export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** Null: there is none. */
  body: ReadableStream<Uint8Array> | null;
  /** Content codings that are undone already, although the headers still name them. */
  undone: readonly string[];
}

/** Workers undo these two (compatibility flag `brotli_content_encoding`). */
const UNDONE_BY_FETCH = ["gzip", "br"];

export function answerOf({ status, headers, body }: Response): HttpAnswer {
  return { status, headers, body, undone: UNDONE_BY_FETCH };
}

/** Whether the body is one JSON document, by its type. Types of endless sequences are not. */
export function isJson({ headers }: Pick<HttpAnswer, "headers">): boolean {
  return /^\s*(application|text)\/(?!stream\+)([\w.-]+\+)?json\s*(;|$)/i.test(headers.get("content-type") ?? "");
}

/** Ends the answer. What it has not sent yet is not fetched. */
export async function discard({ body }: HttpAnswer): Promise<void> {
  await body?.cancel().catch(() => {});
}

export function isPlainText({ headers }: Pick<HttpAnswer, "headers">): boolean {
  return /^\s*text\/plain\b/i.test(headers.get("content-type") ?? "");
}
