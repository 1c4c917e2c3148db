import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import { createSessionActivities, createSessions } from '../../activities/session.ts';
import { createKite } from '../../src/brokers/kite.ts';
import type { Kite } from '../../src/brokers/types.ts';
import { SESSION_LOST } from '../../src/contract/activities.ts';
import { istAt, istIso } from '../../src/domain/clock.ts';
import type { Account } from '../../src/journal/types.ts';
import { createSealer } from '../../src/platform/secrets.ts';
import { accessToken, login } from '../exchange-simulator/exchange-server.ts';
import { type Desk, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

async function open(): Promise<Desk> {
  desk = await openDesk();
  return desk;
}

const logIn = (today: Desk, requestToken = today.exchange.newRequestToken()) =>
  today.run(() =>
    today.parts.day.exchangeRequestToken({
      identity: today.identity,
      auth: { attempt: 'again', sealedRequestToken: today.sealer.seal(requestToken) },
    }),
  );

/** What another process of the same account has loaded: its own cache over the same journal. */
const anotherProcess = ({ parts, sealer }: Desk) =>
  createSessions({
    ...{ kite: parts.kite, journal: parts.activities.journal, sealer },
    onSession: () => {},
    warn: () => {},
  });

describe('a login that another worker exchanged', () => {
  it('is taken up by the ticker of this one at its next look, once', async () => {
    const today = await open();
    const used: string[] = [];
    const { parts, sealer, identity } = today;
    const here = createSessions({
      ...{ kite: parts.kite, journal: parts.activities.journal, sealer },
      onSession: (accessToken) => used.push(accessToken),
      warn: () => {},
    });
    await here.renew(identity);
    const before = parts.accessToken();
    expect(used).toEqual([before]);
    await logIn(today);
    await here.renew(identity);
    await here.renew(identity);
    expect(used).toEqual([before, parts.accessToken()]);
    expect(used[1]).not.toBe(before);
  });
});

describe('a login right after a replay has gone on to the next morning', () => {
  it('lasts until 06:00 of the day after', async () => {
    const today = await open();
    today.exchange.clock.set({ market: istAt('2025-07-15', '08:45') });
    const login = await logIn(today);
    if (!login.ok) throw new Error(login.reason);
    expect(istIso(login.session.expiresAt)).toBe(istIso(istAt('2025-07-16', '06:00')));
  });
});

describe('a session that was made elsewhere', () => {
  const give = (today: Desk, token: string) =>
    today.run(() =>
      today.parts.day.exchangeRequestToken({
        identity: today.identity,
        auth: { attempt: 'given', sealedAccessToken: today.sealer.seal(token) },
      }),
    );

  it('is taken as the newest login when the broker knows it', async () => {
    const today = await open();
    const { exchange, server } = today;
    const official = await login({ exchange, server, root: server.addresses.kite_root, stop: async () => {} });
    const taken = await give(today, accessToken(official));
    expect(taken).toMatchObject({ ok: true, session: { userId: 'SIM001', number: 2 } });
    expect(today.parts.accessToken()).toBe(accessToken(official));
  });

  it('is refused with the broker’s words when it does not live', async () => {
    const today = await open();
    const refused = await give(today, 'of-yesterday');
    expect(refused).toMatchObject({ ok: false, reason: expect.stringMatching(/token/i) });
    expect((await today.parts.activities.journal.currentSession(today.identity))?.number).toBe(1);
  });
});

describe('exchanging a request token', () => {
  it('stores the session sealed, numbered, until six the next morning', async () => {
    const today = await open();
    const login = await logIn(today);
    if (!login.ok) throw new Error(login.reason);
    expect(login.session).toMatchObject({ number: 2, userId: 'SIM001' });
    expect(istIso(login.session.expiresAt)).toBe('2025-07-15T06:00:00+05:30');
    const stored = await today.parts.activities.journal.currentSession(today.identity);
    const accessToken = today.parts.accessToken() ?? '';
    expect(stored?.sealedAccessToken).not.toContain(accessToken);
    expect(today.sealer.open(stored?.sealedAccessToken ?? '')).toBe(accessToken);
  });

  it("of a token that was used before is refused in the broker's words", async () => {
    const today = await open();
    const requestToken = today.exchange.newRequestToken();
    expect(await logIn(today, requestToken)).toMatchObject({ ok: true });
    expect(await logIn(today, requestToken)).toEqual({ ok: false, reason: expect.stringMatching(/\w/) });
    expect((await today.parts.activities.journal.currentSession(today.identity))?.number).toBe(2);
  });

  it('without a clear answer asks for a new login: the token may be used up', async () => {
    const today = await open();
    const deaf = createServer((socket) => socket.once('data', () => socket.destroy()));
    await new Promise<void>((listening) => deaf.listen(0, '127.0.0.1', listening));
    const { port } = deaf.address() as AddressInfo;
    const kite = createKite({ apiKey: 'key', apiSecret: 'secret', root: `http://127.0.0.1:${port}`, timeoutMs: 600 });
    const { exchangeRequestToken } = createSessionActivities({
      ...{ ...today.parts.activities, kite, expectedUserId: null },
    });
    const auth = { attempt: 'x', sealedRequestToken: today.sealer.seal('request') };
    expect(await today.run(() => exchangeRequestToken({ identity: today.identity, auth }))).toEqual({
      ...{ ok: false, reason: 'no clear answer to the exchange' },
    });
    await new Promise((closed) => deaf.close(closed));
  });

  it('of another user is refused with both names, and nothing is stored', async () => {
    const today = await open();
    const theirs = createSessionActivities({ ...today.parts.activities, expectedUserId: 'AB1234' });
    const auth = { attempt: 'x', sealedRequestToken: today.sealer.seal(today.exchange.newRequestToken()) };
    const login = await today.run(() => theirs.exchangeRequestToken({ identity: today.identity, auth }));
    expect(login).toEqual({ ok: false, reason: expect.stringMatching(/SIM001.*AB1234/) });
    expect((await today.parts.activities.journal.currentSession(today.identity))?.number).toBe(1);
  });

  it('that was sealed with another key is refused in words that blame the key, not the broker', async () => {
    const today = await open();
    const elsewhere = createSealer(randomBytes(32));
    const auth = { attempt: 'x', sealedRequestToken: elsewhere.seal(today.exchange.newRequestToken()) };
    const login = await today.run(() => today.parts.day.exchangeRequestToken({ identity: today.identity, auth }));
    expect(login).toEqual({ ok: false, reason: expect.stringContaining('SECRETS_KEY') });
    expect((await today.parts.activities.journal.currentSession(today.identity))?.number).toBe(1);
  });
});

describe('the current session', () => {
  it('is loaded once more when the broker refuses the one in use: a newer login goes on at once', async () => {
    const today = await open();
    const other = anotherProcess(today);
    expect(await other.use(today.identity, (kite) => kite.profile())).toEqual({ userId: 'SIM001' });
    today.exchange.killSessions();
    await logIn(today);
    expect(await other.use(today.identity, (kite) => kite.profile())).toEqual({ userId: 'SIM001' });
  });

  it.each([
    ['hangs', () => new Promise<never>(() => {})],
    ['refuses', () => Promise.reject(new Error('the journal is away'))],
  ])('that a journal keeps, and the journal %s: the call was not sent, which is no doubt', async (_how, answer) => {
    const today = await open();
    const { kite, activities } = today.parts;
    const journal = { ...activities.journal, currentSession: answer };
    const sessions = createSessions({ kite, journal, sealer: today.sealer, onSession: () => {}, warn: () => {} });
    await expect(sessions.use(today.identity, (session) => session.profile())).rejects.toMatchObject({
      ...{ kind: 'refused', retryable: true, details: { not_sent: true } },
    });
  });

  it('that is dead is lost, with its number', async () => {
    const today = await open();
    today.exchange.killSessions();
    const failure = await today.parts.activities.sessions
      .use(today.identity, (kite) => kite.profile())
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: SESSION_LOST, details: [1], nonRetryable: true });
  });

  it('is not touched by the late refusal of an older one', async () => {
    const today = await open();
    const { sessions } = today.parts.activities;
    const late = sessions.use(today.identity, async (kite) => {
      if ((await today.parts.activities.journal.currentSession(today.identity))?.number === 1) {
        today.exchange.killSessions();
        await logIn(today);
      }
      return kite.profile();
    });
    expect(await late).toEqual({ userId: 'SIM001' });
  });

  it('that was sealed with another key is as good as none: it is said once, and lost with its number until a new login', async () => {
    const today = await open();
    const { kite, activities } = today.parts;
    const warned: string[] = [];
    const sealer = createSealer(randomBytes(32));
    const sessions = createSessions({
      ...{ kite, journal: activities.journal, sealer },
      onSession: () => {},
      warn: (text) => warned.push(text),
    });
    await sessions.renew(today.identity);
    expect(await sessions.current(today.identity)).toBeNull();
    await expect(sessions.use(today.identity, (session) => session.profile())).rejects.toMatchObject({
      ...{ type: SESSION_LOST, details: [1] },
    });
    expect(warned).toEqual([expect.stringContaining('another key')]);
    const here = createSessionActivities({ ...activities, sealer, sessions, expectedUserId: null });
    const auth = { attempt: 'x', sealedRequestToken: sealer.seal(today.exchange.newRequestToken()) };
    const login = await today.run(() => here.exchangeRequestToken({ identity: today.identity, auth }));
    expect(login).toMatchObject({ ok: true, session: { number: 2 } });
    expect(await sessions.use(today.identity, (session) => session.profile())).toEqual({ userId: 'SIM001' });
  });

  it('of one account is never used for another one of the same process', async () => {
    const today = await open();
    const { journal } = today.parts.activities;
    const other = { ...today.identity, account: `${today.identity.account}-other` };
    const [mine, theirs] = [await journal.currentSession(today.identity), 'token-of-the-other'];
    if (!mine) throw new Error('no login');
    await journal.addSession(other, { ...mine, sealedAccessToken: today.sealer.seal(theirs) });
    const used: string[] = [];
    const kite: Kite = {
      ...today.parts.kite,
      session: (token) => ({ ...today.kite, profile: async () => ({ userId: token }) }),
    };
    const sessions = createSessions({
      kite,
      journal,
      sealer: today.sealer,
      onSession: (t) => used.push(t),
      warn: () => {},
    });
    const whose = (account: Account) => sessions.use(account, (session) => session.profile());
    const own = today.sealer.open(mine.sealedAccessToken);
    expect(await whose(today.identity)).toEqual({ userId: own });
    expect(await whose(other)).toEqual({ userId: theirs });
    expect(await whose(today.identity)).toEqual({ userId: own });
    expect(used).toEqual([own, theirs]);
  });

  it('is missing before the first login', async () => {
    const today = await open();
    const stranger = { ...today.identity, run: 99 };
    await expect(anotherProcess(today).use(stranger, (kite) => kite.profile())).rejects.toMatchObject({
      type: SESSION_LOST,
      details: [0],
    });
    expect(await anotherProcess(today).current(stranger)).toBeNull();
  });
});
