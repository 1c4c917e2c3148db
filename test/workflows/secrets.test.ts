import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKite } from '../../src/brokers/kite.ts';
import type { ExchangeKeys } from '../../src/exchange-simulator/wire/keys.ts';
import { createLogger } from '../../src/logger.ts';
import { openStage, type ReplayedDay, type Stage } from './replayed-day.ts';

/** Spelled so that none can be found by chance. */
const KEYS: ExchangeKeys = {
  apiKey: 'kitekeyofthetest',
  apiSecret: 'KITE-SECRET-5d1f0c7e9a3b',
  breezeApiKey: 'breezekeyofthetest',
  breezeApiSecret: 'BREEZE-SECRET-77ab31c09e',
  breezeSession: 'BREEZE-SESSION-4410928',
};
const sealingKey = randomBytes(32);

let stage: Stage;
let day: ReplayedDay;
let requestTokens: string[];
let accessTokens: string[];
let payloads: string;

beforeAll(async () => {
  stage = await openStage();
  day = await stage.startDay({ keys: KEYS, sealingKey });
  requestTokens = ['REFUSED-TOKEN-91c2', day.exchange.newRequestToken(), day.exchange.newRequestToken()];
  await day.logIn(requestTokens[0]);
  await day.seen('the refusal', (view) => view.authAttempts.some((login) => login.outcome === 'refused'));
  await day.logIn(requestTokens[1]);
  await day.start();
  await day.opened();
  // The first session dies with a position open, so that failures of a session are in the history too.
  accessTokens = [day.parts.accessToken() ?? ''];
  day.exchange.killSessions();
  await day.at('12:00');
  await day.seen('the lost login', (view) => view.session === null);
  await day.logIn(requestTokens[2]);
  await day.result();
  accessTokens.push(day.parts.accessToken() ?? '');
  const handle = stage.env.client.workflow.getHandle(day.workflowId);
  const history = await handle.fetchHistory();
  const description = await handle.describe();
  payloads = `${readable(history)}\n${readable(description.raw)}\n${JSON.stringify(await day.view())}`;
});

afterAll(async () => {
  await day.close();
  await stage.close();
});

/** Everything in it as text: a payload's bytes are JSON, and themselves written in base64. */
function readable(thing: unknown): string {
  return JSON.stringify(thing, (key, value: unknown) => {
    if (key === 'data' && typeof value === 'string') return Buffer.from(value, 'base64').toString('utf8');
    return typeof value === 'bigint' ? value.toString() : value;
  });
}

function secrets(): string[] {
  return [
    KEYS.apiSecret,
    KEYS.breezeApiSecret,
    KEYS.breezeSession,
    ...requestTokens,
    ...accessTokens,
    sealingKey.toString('base64'),
    sealingKey.toString('base64url'),
    sealingKey.toString('hex'),
  ];
}

describe('a whole day with two logins, one refused and one that died', () => {
  it('is in the payloads that are scanned', () => {
    expect(accessTokens.every((token) => token.length > 10)).toBe(true);
    expect(new Set(accessTokens).size).toBe(2);
    expect(payloads).toContain('sealedRequestToken');
    expect(payloads).toContain('NIFTY2571725000PE');
  });

  it('leaves no secret in any payload of its history, in what a query answers, nor in its attributes', () => {
    for (const secret of secrets()) expect(payloads).not.toContain(secret);
  });

  it('leaves no secret in the journal', async () => {
    const { identity, journal } = day;
    const rows = [
      await journal.events(identity, 1_000),
      await journal.orders(identity),
      await journal.positions(identity),
      await journal.report(identity, identity.date),
      await journal.currentSession(identity),
    ];
    const written = readable(rows);
    expect(written).toContain('sealedAccessToken');
    for (const secret of secrets()) expect(written).not.toContain(secret);
  });

  it('leaves no secret in what the activities log, not even before the redactor', () => {
    const logged = day.lines.join('\n');
    expect(logged).toContain('position_open');
    for (const secret of secrets()) expect(logged).not.toContain(secret);
  });
});

describe('the log', () => {
  it('leaves a configured secret out wherever it stands', () => {
    const lines: string[] = [];
    const { logger } = createLogger({ level: 'info', secrets: [KEYS.apiSecret], write: (line) => lines.push(line) });
    logger.info({ deep: { inside: [`x${KEYS.apiSecret}y`] } }, `said ${KEYS.apiSecret}`);
    expect(lines.join()).not.toContain(KEYS.apiSecret);
  });
});

describe('an error of the broker', () => {
  it('does not carry the checksum or the secret that were sent', async () => {
    const kite = createKite({ apiKey: KEYS.apiKey, apiSecret: KEYS.apiSecret, root: 'http://127.0.0.1:9' });
    const error: unknown = await kite.exchange('REFUSED-TOKEN-91c2').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    const told = `${String(error)} ${JSON.stringify(error)} ${error instanceof Error ? error.stack : ''}`;
    expect(told).not.toContain(KEYS.apiSecret);
    expect(told).not.toContain('checksum');
  });
});
