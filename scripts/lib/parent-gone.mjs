const POLL_MS = 300;

/**
 * Aborts once the process that started this one is gone. npm starts scripts through a shell; when npm is
 * told to stop, the shell dies of the signal without passing it on, and a server would stay behind.
 */
export function parentGone() {
  const controller = new AbortController();
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    controller.abort();
  }, POLL_MS);
  timer.unref();
  return controller.signal;
}
