import { ClientRequest } from 'node:http';
import axios, { type AxiosResponse } from 'axios';
import { z } from 'zod';
import { failedToConnect } from '../../brokers/kite-errors.ts';
import { isLoopback } from '../../brokers/kite-transport.ts';
import { SimRefusal } from '../core/types.ts';

export type UpstreamRequest = {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  /** Wall milliseconds. */
  timeoutMs: number;
};

/** The bytes as they came: `content-encoding` still holds. */
export type UpstreamAnswer = { status: number; headers: Record<string, string>; body: Buffer };

/** A question of our own must be answered while the client still waits for its order's acknowledgement. */
const OWN_TIMEOUT_MS = 3_000;
/** What belongs to one connection, or is stated anew by the writer of the bytes. */
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date'];

const envelope = z.object({
  status: z.string().optional(),
  data: z.unknown(),
  message: z.string().optional(),
  error_type: z.string().optional(),
});

export type Upstream = ReturnType<typeof createUpstream>;

/** The real Kite over HTTP. What it cannot answer is refused with SimRefusal 502, 503 or 504 NetworkException: honest, in Kite's envelope. */
export function createUpstream(root: string) {
  const base = root.replace(/\/+$/, '');
  const client = axios.create({
    responseType: 'arraybuffer',
    decompress: false,
    maxRedirects: 0,
    validateStatus: () => true,
    // A body is passed on as it came.
    transformRequest: [(body: unknown) => body],
    ...(isLoopback(base) ? { proxy: false as const } : {}),
  });

  async function forward(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const { method, path, headers, body, timeoutMs } = request;
    const ask = (): Promise<AxiosResponse<Buffer>> =>
      client.request({
        ...{ method, url: base + path, headers, signal: AbortSignal.timeout(timeoutMs) },
        ...(body === undefined ? {} : { data: body }),
      });
    try {
      const answer = await ask().catch((error: unknown) => {
        if (method !== 'GET' || !wasClosedBefore(error)) throw error;
        return ask();
      });
      return { status: answer.status, headers: endToEnd(answer.headers), body: answer.data };
    } catch (error) {
      throw unreachable(error);
    }
  }

  return {
    forward,

    /** The `data` of a GET. Throws Kite's own refusal as SimRefusal. */
    async data(path: string, authorization: string): Promise<unknown> {
      const headers = { authorization, 'x-kite-version': '3', 'accept-encoding': 'identity' };
      const answer = await forward({ method: 'GET', path, headers, timeoutMs: OWN_TIMEOUT_MS });
      const read = readEnvelope(answer);
      if (answer.status < 300 && read?.data !== undefined) return read.data;
      if (read?.error_type)
        throw new SimRefusal(answer.status, read.error_type, read.message ?? 'Kite gave no reason.');
      throw new SimRefusal(502, 'NetworkException', `Kite's answer was not understood (${answer.status}).`);
    },
  };
}

/** Kite's envelope, undefined where the answer is something else. */
export function readEnvelope({ headers, body }: UpstreamAnswer): z.infer<typeof envelope> | undefined {
  if (!headers['content-type']?.includes('application/json')) return undefined;
  try {
    return envelope.safeParse(JSON.parse(body.toString())).data;
  } catch {
    return undefined;
  }
}

function endToEnd(headers: AxiosResponse['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && !OF_THE_CONNECTION.includes(name) ? [[name, value]] : [],
    ),
  );
}

/** A pooled connection that Kite closed while nobody used it: no failure, a question can be put again. */
function wasClosedBefore(error: unknown): boolean {
  if (!axios.isAxiosError(error)) return false;
  const request: unknown = error.request;
  return request instanceof ClientRequest && request.reusedSocket && error.code === 'ECONNRESET';
}

/** Says what failed, never what was sent: the request carries the session. */
function unreachable(error: unknown): SimRefusal {
  if (axios.isCancel(error)) return new SimRefusal(504, 'NetworkException', 'Kite did not answer in time.');
  const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
  return failedToConnect(error)
    ? new SimRefusal(503, 'NetworkException', `Kite cannot be reached${code}.`)
    : new SimRefusal(502, 'NetworkException', `The connection to Kite broke${code}.`);
}
