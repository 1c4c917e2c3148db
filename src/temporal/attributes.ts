import { type Connection, isGrpcServiceError } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contract/identity.ts';
import { AppError } from '../errors.ts';

/** gRPC codes of a server that keeps its operator's service to itself: PERMISSION_DENIED, UNIMPLEMENTED. */
const NOT_OURS_TO_ASK = [7, 12];

/** `temporal.api.enums.v1.IndexedValueType` of a KEYWORD, which all of ours are. */
const KEYWORD = 2;

/**
 * Registers the search attributes that the workflows use, where they are missing: an unregistered one hangs a workflow. `unknown` where
 * the server does not tell which it has: then its owner has to know.
 * Throws AppError `search_attributes_missing`, with the commands to run, on a server where this client may not.
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<'there' | 'unknown'> {
  const missing = await missingAttributes(connection, namespace);
  if (missing === null) return 'unknown';
  if (missing.length === 0) return 'there';
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
    return 'there';
  } catch (cause) {
    // Of processes that start together, another one may have been quicker.
    if ((await missingAttributes(connection, namespace))?.length === 0) return 'there';
    const commands = missing.map(
      (name) => `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`,
    );
    throw new AppError({
      code: 'search_attributes_missing',
      message: `The Temporal server lacks search attributes and does not let this program register them. Run:\n${commands.join('\n')}`,
      httpStatus: 503,
      retryable: false,
      details: { missing },
      cause,
    });
  }
}

async function missingAttributes(connection: Connection, namespace: string): Promise<string[] | null> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return Object.keys(SEARCH_ATTRIBUTES).filter((name) => customAttributes?.[name] === undefined);
  } catch (error) {
    if (isGrpcServiceError(error) && NOT_OURS_TO_ASK.includes(error.code)) return null;
    throw error;
  }
}
