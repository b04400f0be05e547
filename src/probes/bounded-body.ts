/** Reads no more of a body than a probe needs. */

/** Returns the first `maxBytes` of the body as text. The rest is not fetched. */
export async function readBounded(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0; bytes < maxBytes; ) {
    const { value, done } = await reader.read();
    if (done || value === undefined) return text + decoder.decode();
    bytes += value.length;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel().catch(() => {});
  return text;
}
