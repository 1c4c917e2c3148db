import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { faultNumber, faultText } from '../core/faults.ts';
import { type SimFault, SimRefusal } from '../core/types.ts';
import { pause, type Wire } from './wire.ts';

/** Longer than any client waits: the answer never comes. */
const SILENCE_MS = 120_000;

/**
 * Misbehaviour of the HTTP side on request: before the request is handled, or with `after: true` once it was. `path` (a prefix) and `method`
 * narrow a fault. Kinds: token_death, rate_limit, ip_refused, slow, http_error, drop_connection, timeout_after_accept.
 */
export function kiteFaults(wire: Wire): MiddlewareHandler<{ Bindings: HttpBindings }> {
  const { exchange } = wire;
  return async (c, next) => {
    const take = (kind: string, after: boolean) =>
      exchange.takeFault(kind, (fault) => concerns(fault, c) && (fault.after === true) === after);
    const changesOrders = c.req.path.startsWith('/orders') && c.req.method !== 'GET';

    if (take('token_death', false)) exchange.killSessions();
    if (take('rate_limit', false)) throw new SimRefusal(429, 'NetworkException', 'Too many requests');
    if (changesOrders) {
      const fault = take('ip_refused', false);
      if (fault)
        throw new SimRefusal(
          403,
          faultText(fault, 'error_type', 'GeneralException'),
          faultText(fault, 'message', IP_REFUSED),
        );
    }
    const early = await misbehave(wire, c, (kind) => take(kind, false));
    if (early) return early;

    await next();

    if (changesOrders && c.req.method === 'POST') {
      const fault = take('timeout_after_accept', false);
      if (fault) await pause(wire, faultNumber(fault, 'ms', SILENCE_MS));
    }
    const late = await misbehave(wire, c, (kind) => take(kind, true));
    if (late) c.res = late;
    return;
  };
}

const IP_REFUSED = 'No IPs configured for this app. Add allowed IPs on the Kite developer console.';

async function misbehave(
  wire: Wire,
  c: Context<{ Bindings: HttpBindings }>,
  take: (kind: string) => SimFault | undefined,
): Promise<Response | undefined> {
  const slow = take('slow');
  if (slow) await pause(wire, faultNumber(slow, 'ms', 3_000));
  if (take('drop_connection')) {
    c.env.incoming.socket.destroy();
    return new Response(null);
  }
  const broken = take('http_error');
  if (!broken) return undefined;
  // A gateway's own page: not JSON, as a client sees it when the broker's front end fails.
  const status = faultNumber(broken, 'status', 502) as ContentfulStatusCode;
  return c.html(faultText(broken, 'body', '<html><body><h1>Bad gateway</h1></body></html>'), status);
}

function concerns(fault: SimFault, c: Context): boolean {
  return (
    c.req.path.startsWith(faultText(fault, 'path', '/')) && faultText(fault, 'method', c.req.method) === c.req.method
  );
}
