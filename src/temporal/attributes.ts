import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import { AppError } from '../errors.ts';

/** `temporal.api.enums.v1.IndexedValueType` of a KEYWORD, which all of ours are. */
const KEYWORD = 2;

/**
 * Registers the search attributes that the workflows use, where they are missing: an unregistered one hangs a workflow.
 * Throws AppError `search_attributes_missing`, with the commands to run, on a server where this client may not.
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingAttributes(connection, namespace);
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  } catch (cause) {
    // Of processes that start together, another one may have been quicker.
    if ((await missingAttributes(connection, namespace)).length === 0) return;
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

async function missingAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.keys(SEARCH_ATTRIBUTES).filter((name) => customAttributes?.[name] === undefined);
}
