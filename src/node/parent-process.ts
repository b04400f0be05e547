/** Lets a program end when the program that started it has ended. */
const POLL_MS = 250;

/** Resolves when the parent process has ended, even by kill -9. Waiting for it does not keep this process alive. */
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
