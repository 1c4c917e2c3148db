import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { SimRefusal } from '../core/types.ts';

/** Kite's answer: `{"status":"success","data":…}`. */
export function success(c: Context, data: unknown): Response {
  return c.json({ status: 'success', data });
}

/** Kite's refusal: `{"status":"error","message","error_type","data":null}` with its HTTP status. */
export function failure(c: Context, error: unknown): Response {
  const refusal =
    error instanceof SimRefusal
      ? error
      : new SimRefusal(
          500,
          'GeneralException',
          `The simulator failed: ${error instanceof Error ? error.message : error}`,
        );
  return c.json(
    { status: 'error', message: refusal.message, data: null, error_type: refusal.errorType },
    refusal.status as ContentfulStatusCode,
  );
}

export function inputRefusal(message: string): SimRefusal {
  return new SimRefusal(400, 'InputException', message);
}

export function missing(field: string): SimRefusal {
  return inputRefusal(`Missing or empty field \`${field}\``);
}

export function invalid(field: string): SimRefusal {
  return inputRefusal(`Invalid \`${field}\`.`);
}
