import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { createLogger, type LoggerOptions } from '../../src/platform/logger.ts';

const SECRETS = ['kite-secret-1', '12345678', 'p@ss/word"quoted'];

function logged(log: (logger: ReturnType<typeof createLogger>) => void, change: Partial<LoggerOptions> = {}): string {
  const lines: string[] = [];
  log(
    createLogger({ level: 'info', secrets: SECRETS, forPeople: false, write: (line) => lines.push(line), ...change }),
  );
  return lines.join('');
}

describe('the log', () => {
  it.each<[string, (log: ReturnType<typeof createLogger>) => void]>([
    ['as a value', ({ logger }) => logger.info({ using: 'kite-secret-1' }, 'hello')],
    ['inside a message', ({ logger }) => logger.info('checksum of kite-secret-1 made')],
    ['deep inside', ({ logger }) => logger.info({ a: [{ b: { c: 'x kite-secret-1 y' } }] }, 'hello')],
    ['as a number', ({ logger }) => logger.info({ session: 12345678 }, 'hello')],
    ['as the name of a field', ({ logger }) => logger.info({ 'kite-secret-1': true }, 'hello')],
    ['in an error and its cause', ({ logger }) => logger.error(new Error('no', { cause: new Error('kite-secret-1') }))],
    ['in the fields of a child', ({ logger }) => logger.child({ from: 'kite-secret-1' }).info('hello')],
    ['URL-encoded', ({ logger }) => logger.info(`GET /?p=${encodeURIComponent('p@ss/word"quoted')}`)],
    ['with quotes in it', ({ logger }) => logger.info({ text: 'p@ss/word"quoted' }, 'hello')],
  ])('never shows a configured secret: %s', (_, log) => {
    for (const forPeople of [false, true]) {
      const lines = logged(log, { forPeople });
      expect(lines).toContain('[redacted]');
      expect(lines).not.toMatch(/kite-secret-1|12345678|ss\/word|p%40ss/);
    }
  });

  it.each<[string, unknown]>([
    ['a field of a broker', { data: { access_token: 'hushhush', user_id: 'AB1234' } }],
    ['a field of ours', { accessToken: 'hushhush' }],
    ['a header', { headers: { Authorization: 'token apikey:hushhush', 'X-SessionToken': 'hushhush' } }],
    ['a whole object in a secret field', { cookie: { session: 'hushhush' } }],
    ['a form in a string', { body: 'api_key=k&request_token=hushhush&checksum=hushhush' }],
    ['JSON in a string', { body: JSON.stringify({ access_token: 'hushhush', n: 1 }) }],
    ['a header in a string', { raw: 'Authorization: token apikey:hushhush' }],
    ['a bearer in a string', { raw: 'authorization: Bearer hushhush' }],
    ["Kite's token alone", { raw: 'sent token apikey:hushhush to the broker' }],
    ['the redirect', { url: 'http://127.0.0.1:8000/live/auth/complete?request_token=hushhush&status=success' }],
  ])('never shows what is known to be secret by its name: %s', (_, fields) => {
    const lines = logged(({ logger }) => logger.info(fields, 'hello'));
    expect(lines).toContain('[redacted]');
    expect(lines).not.toContain('hushhush');
  });

  it('leaves out a secret that came up while running', () => {
    const lines = logged(({ logger, redactor }) => {
      redactor.add('token-of-today');
      logger.info('with token-of-today');
    });
    expect(lines).toContain('with [redacted]');
  });

  it('keeps everything else as it was said', () => {
    const fields = { order: { tag: 'A1', price: 4450, fills: [], note: null }, ok: true };
    const line = JSON.parse(logged(({ logger }) => logger.info(fields, 'order filled')));
    expect(line).toMatchObject({ level: 30, msg: 'order filled', ...fields });
  });

  it('is short lines in Indian time for a person', () => {
    const lines = logged(
      ({ logger }) => logger.info({ tag: 'A1', lots: 10, time: Date.UTC(2025, 6, 14, 5, 45) }, 'filled'),
      {
        forPeople: true,
      },
    );
    expect(lines).toBe('11:15:00  filled  tag=A1 lots=10\n');
  });

  it('shows a person a day’s line with the market’s time, and without what only a machine sorts by', () => {
    const line = { date: '2025-07-14', market_time: '11:15:02', kind: 'order_filled', time: Date.UTC(2025, 10, 3, 12) };
    const lines = logged(({ logger }) => logger.info(line, 'filled'), { forPeople: true });
    expect(lines).toBe('17:30:00  market 11:15:02  filled\n');
    expect(JSON.parse(logged(({ logger }) => logger.info(line, 'filled')))).toMatchObject(line);
  });

  it('shows a person the error with its stack, once', () => {
    const failure = new AppError({ code: 'x', message: 'the broker is away', httpStatus: 502, retryable: true });
    const lines = logged(({ logger }) => logger.error({ err: failure }, 'no quotes'), { forPeople: true });
    expect(lines).toMatch(/error {2}no quotes\n {4}AppError: the broker is away\n {8}at /);
  });

  it('says nothing below its level', () => {
    expect(logged(({ logger }) => logger.debug('quiet'))).toBe('');
  });
});
