/** `GET /live/events`: a snapshot on opening, then what changes, and a pulse each second by which a page knows that it is not frozen. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { ApiContext } from '../context.ts';
import { createDayStream, type DayFrame, type DayStream, FLUSH_MS } from '../day-stream.ts';
import type { ApiEnv } from '../gate.ts';
import { refusals, STATUS } from './answers.ts';

const PULSE_MS = 1_000;
/** A browser opens six connections to a host: a command must always find one free. */
const STREAMS_A_SESSION = 4;

const events = createRoute({
  method: 'get',
  path: '/live/events',
  tags: [STATUS],
  summary: 'Server-sent events: what changes, as it changes',
  description:
    'First `snapshot`, the whole day; then `status`, `positions`, `orders`, `decisions`, `ticks` and `log` (new lines only) when they change; ' +
    '`pulse` each second with the market time and what is wrong, if anything; `moved` when a newer stream of the same session took its place.',
  responses: {
    200: { content: { 'text/event-stream': { schema: z.string() } }, description: 'Goes on until you hang up' },
    ...refusals(),
  },
});

/** Answers the function that ends all streams, for a clean stop of the program. */
export function eventRoutes(app: OpenAPIHono<ApiEnv>, context: ApiContext): () => void {
  const stream = createDayStream(context);
  const open = new Map<string, AbortController[]>();
  const all = new AbortController();

  app.openAPIRegistry.registerPath(events);
  app.get(events.getRoutingPath(), (c) => {
    const caller = c.get('caller').id;
    const mine = new AbortController();
    const siblings = open.get(caller) ?? [];
    siblings.push(mine);
    open.set(caller, siblings);
    // The newest page wins: an older one says that it was opened elsewhere, and can take over again.
    while (siblings.length > STREAMS_A_SESSION) siblings.shift()?.abort('moved');
    c.header('X-Accel-Buffering', 'no');
    return streamSSE(c, async (wire) => {
      wire.onAbort(() => mine.abort('gone'));
      try {
        await run(wire, stream, AbortSignal.any([mine.signal, all.signal]));
        if (mine.signal.reason === 'moved') await wire.writeSSE({ event: 'moved', data: '{}' });
      } finally {
        const rest = (open.get(caller) ?? []).filter((known) => known !== mine);
        if (rest.length > 0) open.set(caller, rest);
        else open.delete(caller);
      }
    });
  });

  return () => all.abort('stopped');
}

async function run(wire: SSEStreamingApi, stream: DayStream, signal: AbortSignal): Promise<void> {
  const sent = new SentFrame();
  const pulse = () => wire.writeSSE({ event: 'pulse', data: JSON.stringify(stream.pulse()) });
  await pulse();
  // A stuck day takes seconds to say so: the pulse goes on beside the look.
  const pulses = setInterval(() => void pulse().catch(() => {}), PULSE_MS);
  try {
    while (!signal.aborted) {
      const frame = await stream.frame();
      if (frame) for (const [event, data] of sent.changes(frame)) await wire.writeSSE({ event, data });
      await pause(FLUSH_MS, signal);
    }
  } finally {
    clearInterval(pulses);
  }
}

/** What one stream has been told, so that only changes follow. */
class SentFrame {
  private readonly parts = new Map<string, string>();
  private day = '';
  private logSeq = 0;

  changes(frame: DayFrame): [event: string, data: string][] {
    const { log, ...parts } = frame;
    const newest = log[0]?.seq ?? 0;
    const { mode, account, run, date } = frame.status;
    const day = [mode, account, run, date].join(':');
    if (this.day !== day) {
      this.day = day;
      this.logSeq = newest;
      for (const [name, part] of Object.entries(parts)) this.parts.set(name, JSON.stringify(part));
      return [['snapshot', JSON.stringify(frame)]];
    }
    const changed: [string, string][] = [];
    for (const [name, part] of Object.entries(parts)) {
      const data = JSON.stringify(part);
      if (this.parts.get(name) === data) continue;
      this.parts.set(name, data);
      changed.push([name, data]);
    }
    const fresh = log.filter((event) => event.seq > this.logSeq);
    this.logSeq = Math.max(this.logSeq, newest);
    return fresh.length > 0 ? [...changed, ['log', JSON.stringify(fresh)]] : changed;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
