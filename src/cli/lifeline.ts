/** Lets a program end with the one that started it. */
const POLL_MS = 250;

/** Resolves when the parent process has ended, even by kill -9. The wait alone keeps no process alive. */
export function parentEnded(parent: () => number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = parent();
  const timer = setInterval(() => {
    if (parent() === first) return;
    clearInterval(timer);
    resolve();
  }, POLL_MS).unref();
  return promise;
}
