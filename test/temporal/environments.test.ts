import { afterAll, describe, expect, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contract/identity.ts';
import { registerSearchAttributes } from '../../src/temporal/attributes.ts';
import { createLocal, createTimeSkipping } from '../temporal-environments.ts';

describe('the Temporal servers of the tests', () => {
  const open: { teardown(): Promise<void> }[] = [];
  afterAll(() => Promise.all(open.map((environment) => environment.teardown())));

  it('skips time on the time-skipping server', async () => {
    const environment = await createTimeSkipping();
    open.push(environment);
    // It does not list what it has, as some servers of others do not: its owner has to know.
    expect(await registerSearchAttributes(environment.connection, 'default')).toBe('unknown');
    const before = await environment.currentTimeMs();
    await environment.sleep('3 hours');
    expect((await environment.currentTimeMs()) - before).toBeGreaterThanOrEqual(3 * 3_600_000);
  });

  it('has the search attributes registered on the development server', async () => {
    const environment = await createLocal();
    open.push(environment);
    const { customAttributes } = await environment.connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    expect(await registerSearchAttributes(environment.connection, 'default')).toBe('there');
    expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)));
  });
});
