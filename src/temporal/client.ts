import { Client, Connection } from '@temporalio/client';
import { AppError } from '../errors.ts';

export type TemporalClient = { connection: Connection; client: Client; close(): Promise<void> };

/**
 * Connects to a Temporal server. Calls have no deadline of their own, and a query without a worker blocks for half a
 * minute: callers that people wait for wrap theirs in `client.withDeadline`.
 * Throws AppError `temporal_unavailable`, at the latest after `connectTimeoutMs` (wall time).
 */
export async function connectTemporal(options: {
  address: string;
  namespace: string;
  connectTimeoutMs?: number;
}): Promise<TemporalClient> {
  const { address, namespace, connectTimeoutMs = 5_000 } = options;
  try {
    const connection = await Connection.connect({ address, connectTimeout: connectTimeoutMs });
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
