/** What the failures of others mean to a caller: the brokers' and the database's. */
import { DrizzleQueryError } from 'drizzle-orm/errors';
import type { AppError, BrokerError } from '../errors.ts';
import { type RefusalCode, refuse } from './refusals.ts';

/** A broker's failure as an answer that says what to do; the broker's own words are in the details. */
export function explainBroker(error: BrokerError): AppError {
  const details = { ...error.details, broker: error.broker, words: error.message };
  const [code, message] = error.broker === 'kite' ? kiteAnswer(error) : breezeAnswer(error);
  return refuse(code, message, details);
}

function kiteAnswer({ kind, message }: BrokerError): [RefusalCode, string] {
  switch (kind) {
    case 'token':
      return [
        'not_authenticated',
        'Zerodha does not accept the login any more. Log in again: GET /live/auth/login-url.',
      ];
    case 'rate_limited':
      return ['kite_rate_limited', 'Zerodha takes no more requests at the moment. Wait a second and ask again.'];
    case 'ip_refused':
      return [
        'kite_ip_refused',
        `Zerodha refuses this machine's address. Enter it for your Kite Connect app. ${message}`,
      ];
    case 'refused':
      return ['kite_refused', `Zerodha refused it: ${message}`];
    case 'doubt':
      return [
        'kite_doubt',
        `Zerodha gave no clear answer. Ask again; before you repeat an order, look at Kite. ${message}`,
      ];
  }
}

function breezeAnswer({ kind, message }: BrokerError): [RefusalCode, string] {
  switch (kind) {
    case 'token':
      return [
        'breeze_away',
        `Breeze does not accept its session. Set BREEZE_API_SESSION to today's and start again. ${message}`,
      ];
    case 'rate_limited':
      return ['breeze_rate_limited', 'Breeze takes no more requests at the moment. Wait a minute and ask again.'];
    case 'ip_refused':
      return ['breeze_ip_refused', `Breeze refuses this machine's address. Enter it for your Breeze app. ${message}`];
    case 'refused':
      return ['breeze_refused', `Breeze refused it, or could not be reached. Try again in a moment. ${message}`];
    case 'doubt':
      return ['breeze_doubt', `Breeze gave no clear answer. Try again in a moment. ${message}`];
  }
}

/** PostgreSQL's classes of "not now": connection exception, insufficient resources, operator intervention. */
const NOT_NOW = /^(08|53|57)/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);

/** Whether a query failed because its server is away. A statement that the server refused is a defect of ours. */
export function isDatabaseAway(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  const code = codeOf(cause);
  if (code !== null && (NETWORK.has(code) || NOT_NOW.test(code))) return true;
  // The driver's own words ("Connection terminated", "Query read timeout") come without a code.
  return error instanceof DrizzleQueryError && (code === null || !SQLSTATE.test(code));
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
