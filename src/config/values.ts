import { z } from 'zod';
import type { IsoDate, Paise, SignalName } from '../domain/types.ts';

/** One environment variable: how its text is read, and what a person is told when it cannot be. */
function value<Value>(read: (text: string) => Value | undefined, expected: string) {
  return z.string().transform((text, context) => {
    const found = read(text);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });
}

export const oneOf = <const Choice extends string>(...choices: Choice[]) =>
  value((text) => choices.find((choice) => choice === text), `give one of ${choices.join(', ')}`);

export const matching = (pattern: RegExp, expected: string) =>
  value((text) => (pattern.test(text) ? text : undefined), expected);

export const anyText = z.string();

export const integer = (from: number, to: number) =>
  value((text) => numberIn(text, /^\d+$/, from, to), `give a whole number from ${from} to ${to}`);

export const decimal = (from: number, to: number) =>
  value((text) => numberIn(text, /^\d+(\.\d+)?$/, from, to), `give a number from ${from} to ${to}`);

/** Rupees with at most two decimals in the environment, paise inside. Points are the same, x 100. */
export const rupees = value((text): Paise | undefined => {
  const amount = numberIn(text, /^\d+(\.\d{1,2})?$/, 0.01, 1_000_000_000);
  return amount === undefined ? undefined : Math.round(amount * 100);
}, 'give an amount in rupees above 0 without commas, such as 25000 or 25000.50');

export const onOff = value(
  (text) =>
    ({ on: true, yes: true, true: true, '1': true, off: false, no: false, false: false, '0': false })[
      text.toLowerCase()
    ],
  'give on or off',
);

export const isoDate = value((text): IsoDate | undefined => {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text) ? text : undefined;
}, 'give a date of the calendar as YYYY-MM-DD, such as 2025-07-14');

export const address = (...protocols: string[]) =>
  value(
    (text) => (URL.canParse(text) && protocols.includes(new URL(text).protocol) ? text : undefined),
    `give an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  );

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Where something private is sent: in clear on this machine only. */
export const privateAddress = value((text) => {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, username, password } = new URL(text);
  const isPrivate = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return isPrivate && username === '' && password === '' ? text : undefined;
}, 'give an address that begins with https:// (http:// is for this machine only), without user and password');

/** Of a server as a whole, without a slash at its end: paths are put behind it. */
export const siteAddress = (example: string) =>
  value(
    (text) => (/^https?:\/\/[^/?#@]+$/.test(text) && URL.canParse(text) ? text : undefined),
    `give an address without a path, such as ${example}`,
  );

/** As a `Host` header has them, in lower case. */
export const hostNames = value((text): string[] | undefined => {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  return names.every((name) => /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])$/.test(name)) ? names : undefined;
}, 'give host names with commas between them, without http:// and port, such as trading.example,192.168.1.5');

const SIGNALS: readonly SignalName[] = ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8'];

export const signalList = value(
  (text): SignalName[] | undefined => {
    const names = text.split(',').map((name) => name.trim());
    const known = SIGNALS.filter((signal) => names.includes(signal));
    return known.length === names.length ? known : undefined;
  },
  `give some of ${SIGNALS.join(',')}, each once, with commas between them`,
);

/** 32 bytes, as `openssl rand -base64 32` or `openssl rand -hex 32` writes them. */
export const keyOf32Bytes = value((text) => {
  const key = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
  return key.length === 32 ? key : undefined;
}, 'give 32 bytes in base64 or hex, such as `openssl rand -base64 32` makes');

function numberIn(text: string, pattern: RegExp, from: number, to: number): number | undefined {
  const number = Number(text);
  return pattern.test(text) && number >= from && number <= to ? number : undefined;
}
