import { afterEach, describe, expect, it } from 'vitest';

import { createManualWatch } from '../../activities/manual.ts';
import { type Desk, MAIN, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

describe('the watch over a position by hand', () => {
  it('says that somebody traded its contract outside, and no more once the day knows of it', async () => {
    desk = await openDesk();
    const { exchange, identity, parts, run } = desk;
    await desk.openPosition();
    const { watchManual } = createManualWatch({ ...parts.activities, account: identity });
    const input: ManualWatchInput = {
      ...{ positionId: 'M1', contract: desk.contract(MAIN), orders: [], identity, product: 'MIS' },
      ...{ foreign: 0, moved: 0, until: exchange.clock.now() + 60_000 },
    };
    exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 });
    expect(await run(() => watchManual(input))).toEqual({ kind: 'traded_outside' });
    const known = { ...input, moved: 75, until: exchange.clock.now() + 2_000 };
    expect(await run(() => watchManual(known))).toMatchObject({ kind: 'quiet' });
  });
});
