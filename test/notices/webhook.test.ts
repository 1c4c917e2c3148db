/** Notices over HTTP: signed, bounded, and without a word of the receiver in what is shown. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWebhookChannel } from '../../src/notices/webhook.ts';
import { freePort } from '../../src/platform/ports.ts';
import { kept, type Receiver, startReceiver } from './rows.ts';

const SECRET = 'a secret for the receiver';
let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const deliver = (url = receiver.url, signal = new AbortController().signal, answerWithinMs = 30_000) =>
  createWebhookChannel({ url, secret: SECRET, answerWithinMs }).deliver(kept('P1:0').notice, signal);
const failure = (delivery: Promise<void>) =>
  delivery.then(
    () => null,
    (error: Error) => error,
  );

/** As docs/notices.md tells a receiver to do it. */
function isGenuine({ headers, body }: Receiver['received'][number], secret: string): boolean {
  const expected = createHmac('sha256', secret).update(`${headers['x-trading-day-timestamp']}.${body}`).digest();
  const given = Buffer.from(String(headers['x-trading-day-signature']).replace('v1=', ''), 'hex');
  const isFresh = Math.abs(Date.now() / 1_000 - Number(headers['x-trading-day-timestamp'])) < 300;
  return isFresh && given.length === expected.length && timingSafeEqual(given, expected);
}

describe('the webhook', () => {
  it('sends the notice with a signature that its receiver can check, and nobody else can make', async () => {
    await deliver();
    const [one] = receiver.received;
    expect(one && isGenuine(one, SECRET)).toBe(true);
    expect(one && isGenuine(one, 'another secret')).toBe(false);
    expect(one && isGenuine({ ...one, body: one.body.replace('P1', 'P2') }, SECRET)).toBe(false);
    expect(JSON.parse(one?.body ?? '')).toEqual({
      ...{ id: 'P1:0', kind: 'raised', cause: 'unprotected', subject: 'P1', text: 'text of P1:0' },
      ...{ since: '2025-07-14T11:20:00+05:30', at: '2025-07-14T11:20:00+05:30' },
      ...{ account: 'ZX0001', mode: 'live', date: '2025-07-14' },
    });
    expect(one?.headers).toMatchObject({ 'content-type': 'application/json', 'x-trading-day-notice': 'P1%3A0' });
  });

  it.each([
    [500, 'it answered 500', false],
    [429, 'it answered 429', true],
    [503, 'it answered 503', true],
    [302, 'it answered 302: redirects are not followed', false],
  ])('has not delivered what was answered with %i', async (status, words, unreachable) => {
    receiver.answer(() => status);
    expect(await failure(deliver())).toMatchObject({ message: words, unreachable });
    expect(receiver.received).toHaveLength(1);
  });

  it('gives up on a receiver that does not answer, and on one that is away', async () => {
    receiver.answer(() => null);
    const late = await failure(deliver(receiver.url, new AbortController().signal, 200));
    expect(late).toMatchObject({ message: 'no answer within 0.2 s', unreachable: true });
    const gone = await failure(deliver(`http://127.0.0.1:${await freePort()}/hook?key=in-the-address`));
    expect(gone).toMatchObject({ message: 'it cannot be reached (ECONNREFUSED)', unreachable: true });
  });

  it('ends with the program', async () => {
    receiver.answer(() => null);
    const stopping = new AbortController();
    const ended = failure(deliver(receiver.url, stopping.signal));
    stopping.abort();
    expect(await ended).not.toBeNull();
  });
});
