import { afterEach, describe, expect, it } from 'vitest';
import { accessToken, login } from '../server/exchange-fixture.ts';
import { type Desk, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

async function give(token: string) {
  desk ??= await openDesk();
  const { parts, identity, run, sealer } = desk;
  const auth = { attempt: 'given', sealedAccessToken: sealer.seal(token) };
  return run(() => parts.day.exchangeRequestToken({ identity, auth }));
}

describe('a session that was made elsewhere', () => {
  it('is taken as the newest login when the broker knows it', async () => {
    desk = await openDesk();
    const { exchange, server, parts, identity } = desk;
    const token = accessToken(
      await login({ exchange, server, root: server.addresses.kite_root, stop: async () => {} }),
    );
    expect(await give(token)).toMatchObject({ ok: true, session: { userId: 'SIM001', number: 2 } });
    const session = await parts.activities.sessions.current(identity);
    expect(await session?.profile()).toEqual({ userId: 'SIM001' });
  });

  it('is refused with the broker’s words when it does not live', async () => {
    const refused = await give('of-yesterday');
    expect(refused).toMatchObject({ ok: false, reason: expect.stringMatching(/token/i) });
    expect((await desk?.parts.activities.journal.currentSession(desk.identity))?.number).toBe(1);
  });
});
