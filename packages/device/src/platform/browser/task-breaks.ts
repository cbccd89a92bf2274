const WITHOUT_BREAK_MS = 10;

/**
 * SQLite in a worker works in one task: nothing in it waits, so that a store in steady use would hear
 * neither its page nor the tab that asks for the file. The function given has to be awaited now and
 * then; it lets those in when it was long ago.
 */
export function taskBreaks(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  return async () => {
    if (performance.now() - last < WITHOUT_BREAK_MS) return;
    await new Promise<void>((resume) => {
      port1.onmessage = () => resume();
      port2.postMessage(null);
    });
    last = performance.now();
  };
}
