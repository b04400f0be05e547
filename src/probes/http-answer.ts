/** An answer over HTTP, however it was fetched. */

export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** Null: there is none. */
  body: ReadableStream<Uint8Array> | null;
  /** The codings of the body that are still to be undone, in the order in which they were applied; lower case. */
  codings: readonly string[];
}

/** Returns the codings that a header names. */
export function codingsIn(value: string | null): string[] {
  const codings = (value ?? "").split(",").map((coding) => coding.trim().toLowerCase());
  return codings.filter((coding) => coding !== "" && coding !== "identity");
}

/**
 * Workers undo a lone `br` (compatibility flag `brotli_content_encoding`), and a lone `gzip` that is written so. Gzip is
 * recognised by its first bytes anyway; brotli has none.
 */
export function answerOf({ status, headers, body }: Response): HttpAnswer {
  const content = codingsIn(headers.get("content-encoding"));
  const codings = [...(content.length === 1 && content[0] === "br" ? [] : content), ...transferCodings(headers)];
  return { status, headers, body, codings };
}

/** The codings of the transfer but for `chunked` (RFC 9112, 7). */
export function transferCodings(headers: Headers): string[] {
  return codingsIn(headers.get("transfer-encoding")).filter((coding) => coding !== "chunked");
}

/** Whether the body is one JSON document, by its type. Types of endless sequences are not. */
export function isJson(answer: Pick<HttpAnswer, "headers">): boolean {
  return /^(application|text)\/(?!stream\+)([\w.-]+\+)?json\s*(;|$)/i.test(typeOf(answer));
}

export function isPlainText(answer: Pick<HttpAnswer, "headers">): boolean {
  return /^text\/plain\b/i.test(typeOf(answer));
}

/** Of several types, the last one counts (Fetch, "extract a MIME type"). */
export function typeOf({ headers }: Pick<HttpAnswer, "headers">): string {
  const types = (headers.get("content-type") ?? "").split(",").map((type) => type.trim());
  return types.findLast((type) => /^[\w.+-]+\/[\w.+-]+/.test(type)) ?? "";
}

/** Ends the answer. What it has not sent yet is not fetched. */
export async function discard({ body }: HttpAnswer): Promise<void> {
  await body?.cancel().catch(() => {});
}
