/** Whether a tab runs. What would go on in a frozen one waits here, in order, until it thaws. */
export interface TabGate {
  readonly frozen: boolean;
  freeze(): void;
  thaw(): void;
  /** Runs `work` now, or when the tab thaws. */
  pass(work: () => void): void;
  /** The same as a promise. */
  open(): Promise<void>;
  /** Calls back at every thaw. */
  onThaw(listener: () => void): void;
}

export function createTabGate(): TabGate {
  let frozen = false;
  let waiting: (() => void)[] = [];
  const listeners: (() => void)[] = [];
  const gate: TabGate = {
    get frozen() {
      return frozen;
    },
    freeze() {
      frozen = true;
    },
    thaw() {
      if (!frozen) return;
      frozen = false;
      const passing = waiting;
      waiting = [];
      for (const work of passing) gate.pass(work);
      for (const listener of listeners) listener();
    },
    pass(work) {
      if (frozen) waiting.push(work);
      else work();
    },
    open: () => new Promise((resolve) => gate.pass(resolve)),
    onThaw(listener) {
      listeners.push(listener);
    },
  };
  return gate;
}
