import { type CuttableProxy, cuttableProxy, type ProxyTarget } from '@holdfast/testkit/browser';
import { answerCalls } from './calls.ts';

// A process of its own, so that neither side's work slows the line down.
let proxy: CuttableProxy | null = null;

const link = () => {
  if (proxy === null) throw new Error('the link is not open');
  return proxy;
};

const calls = {
  async open(target: ProxyTarget) {
    proxy = await cuttableProxy(target);
    return `http://127.0.0.1:${proxy.port}`;
  },
  wire: () => link().wire(),
  cut: () => link().cut(),
  heal: () => link().heal(),
};

export type LinkCalls = typeof calls;

answerCalls(calls, () => proxy?.close());
