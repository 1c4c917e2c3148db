import { Client, Connection } from '@temporalio/client';
import { AppError } from '../errors.ts';

/** What a server behind TLS wants, empty for one in clear. `apiKey` is Temporal Cloud's. */
export type TemporalAccess = { tls?: true; apiKey?: string };

export function temporalAccess({ tls, apiKey }: { tls: boolean; apiKey: string | null }): TemporalAccess {
  return { ...(tls ? { tls: true as const } : {}), ...(apiKey === null ? {} : { apiKey }) };
}

export type TemporalClient = { connection: Connection; client: Client; close(): Promise<void> };

/**
 * Connects to a Temporal server. Calls have no deadline of their own, and a query without a worker blocks for half a
 * minute: callers that people wait for wrap theirs in `client.withDeadline`.
 * Throws AppError `temporal_unavailable`, at the latest after `connectTimeoutMs` (wall time).
 */
export async function connectTemporal(options: {
  address: string;
  namespace: string;
  access?: TemporalAccess;
  connectTimeoutMs?: number;
}): Promise<TemporalClient> {
  const { address, namespace, access = {}, connectTimeoutMs = 5_000 } = options;
  try {
    const connection = await Connection.connect({ address, ...access, connectTimeout: connectTimeoutMs });
    const client = new Client({ connection, namespace });
    return { connection, client, close: () => connection.close() };
  } catch (cause) {
    throw new AppError({
      code: 'temporal_unavailable',
      message: `No Temporal server answers at ${address}. Start it, or correct TEMPORAL_ADDRESS.`,
      httpStatus: 503,
      retryable: true,
      cause,
    });
  }
}
