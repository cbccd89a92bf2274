import { type HttpCallDeps, OWN_WAY } from './http-call.ts';
import { heeding, within } from './within.ts';

/** For the stream to open. */
const OPEN_MS = 40_000;
/** The server says something every 20 seconds: what is silent for longer is half open at best (hazard G4). */
const SILENT_MS = 50_000;

export type LiveEnd = 'was-open' | 'never-open' | 'needs-auth';

/** Reads one stream of "there is news" to its end. Never throws. */
export async function readLiveStream(
  deps: HttpCallDeps,
  base: string,
  token: string,
  onNews: () => void,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<LiveEnd> {
  const controller = new AbortController();
  const leave = () => controller.abort();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  let open = false;
  try {
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    const asked = deps.fetch(`${base}/v1/live`, { ...OWN_WAY, headers, signal: controller.signal });
    const response = await within(deps.timers, OPEN_MS, 'no stream', heeding(controller.signal, asked));
    if (response.status === 401) return 'needs-auth';
    const reader = response.body?.getReader();
    if (!isStream(response) || reader === undefined) return 'never-open';
    // Not every fetch lets go of a body that is being read when its signal is aborted.
    controller.signal.addEventListener('abort', () => void reader.cancel().catch(() => {}), { once: true });
    open = true;
    // What was committed before the stream stood was told to nobody here.
    onNews();
    const decoder = new TextDecoder();
    for (let rest = ''; ; ) {
      const { done, value } = await within(
        deps.timers,
        SILENT_MS,
        'silence',
        heeding(controller.signal, reader.read()),
      );
      if (done) return 'was-open';
      onBytes(value.length);
      const events = (rest + decoder.decode(value, { stream: true })).split('\n\n');
      rest = (events.pop() ?? '').slice(-10_000);
      if (events.some((event) => /^data:/m.test(event))) onNews();
    }
  } catch {
    // The link broke, or fell silent: that is what the answer says.
    return open ? 'was-open' : 'never-open';
  } finally {
    leave();
    signal.removeEventListener('abort', leave);
  }
}

function isStream(response: Response): boolean {
  return response.ok && response.headers.get('content-type')?.startsWith('text/event-stream') === true;
}
