/**
 * F5: a row of somebody else's order in a shape that the adapter does not know. A person trades in the app too, and Kite adds kinds of
 * orders without asking. The real adapter and activities at the real exchange; the row is added to its answers on their way.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PUT } from '../exchange-simulator/exchange-server.ts';
import { openDeskAtProxy, type ProxiedDesk } from './fixtures/desk-at-proxy.ts';

const HEDGE = 'NIFTY2571724800PE';
const FOREIGN = '259999999999999001';
/** Several looks long, for an exchange that answers in milliseconds. */
const SEND_WITHIN_MS = 2_500;

type Row = Record<string, unknown>;

/** What Kite shows of an order for a share, complete in every field. */
const share: Row = {
  ...{ order_id: FOREIGN, tag: null, tradingsymbol: 'INFY', exchange: 'NSE', transaction_type: 'BUY' },
  ...{ product: 'CNC', order_type: 'LIMIT', status: 'OPEN', status_message: null, variety: 'regular' },
  ...{ quantity: 10, filled_quantity: 0, pending_quantity: 10, price: 1_500, trigger_price: 0, average_price: 0 },
  ...{ order_timestamp: '2025-07-14 10:02:03', exchange_timestamp: null, exchange_update_timestamp: null },
};
const withoutSide = { ...share, transaction_type: null };

const ROWS: [string, unknown][] = [
  ['of which nothing but the id is known', { order_id: FOREIGN, variety: 'basket', legs: [{ symbol: 'INFY' }] }],
  ['without a side', withoutSide],
  ['without a price', { ...share, price: null }],
  ['whose quantity is a text', { ...share, quantity: '10' }],
  ['whose quantity has a fraction, as of a mutual fund', { ...share, quantity: 10.525 }],
  ['whose id is a number', { ...share, order_id: 259_999 }],
  ['without a status', { ...share, status: null }],
  ['whose time has another form', { ...share, order_timestamp: '2025-07-14T10:02:03+05:30' }],
  ['that is null', null],
  ['that is a text', 'internal error'],
  ['that is a list', [FOREIGN]],
];

/** Where in the list it stands, and how often. */
const PLACES: ((rows: unknown[], row: unknown) => unknown[])[] = [
  (rows, row) => [row, ...rows],
  (rows, row) => [...rows.slice(0, 1), row, ...rows.slice(1)],
  (rows, row) => [...rows, row, row],
];

let desk: ProxiedDesk;
let ours: string[];
/** What the exchange's list of orders held when it was answered last. */
let answered: unknown[] = [];

beforeAll(async () => {
  desk = await openDeskAtProxy();
  await desk.trade({ tag: 'R001D2507141HE101', side: 'BUY', tradingsymbol: HEDGE });
  await desk.trade({ tag: 'R001D2507141ME101', side: 'SELL', tradingsymbol: PUT });
  ours = desk.simulator.exchange.orders().map(({ orderId }) => orderId);
}, 60_000);
afterAll(() => desk.close());

function addRow(row: unknown, place = PLACES[1]): void {
  desk.proxy.alter('/orders', (rows) => {
    answered = place?.(rows as unknown[], row) ?? [];
    return answered;
  });
}

const held = () => desk.simulator.exchange.positions().map(({ tradingsymbol, quantity }) => [tradingsymbol, quantity]);
const logged = (what: string) => desk.lines.filter((line) => JSON.stringify(line).includes(what));

describe.each(ROWS)('an order row %s', (_, row) => {
  /** The ids that the adapter told of, or what it rejected with; one a place. */
  const told: unknown[] = [];
  const sent: unknown[][] = [];

  beforeAll(async () => {
    for (const place of PLACES) {
      addRow(row, place);
      const orders = desk.kite.orders().then((all) => all.map(({ orderId }) => orderId));
      told.push(await orders.catch((error: Error) => error.message));
      sent.push(answered);
    }
    desk.proxy.letThrough();
  });

  it('is in the list beside our two orders', () => {
    for (const list of sent) {
      expect(list).toContainEqual(row);
      expect(list).toEqual(expect.arrayContaining(ours.map((id) => expect.objectContaining({ order_id: id }))));
    }
  });

  it.fails('F5: is left out alone, wherever it stands', () => {
    expect(told).toEqual(PLACES.map(() => expect.arrayContaining(ours)));
  });
});

describe('an order row of an unknown status', () => {
  it('is read, as an order that is not over', async () => {
    addRow({ ...share, status: 'GONE FISHING' });
    const orders = await desk.kite.orders();
    expect(orders.find(({ orderId }) => orderId === FOREIGN)).toMatchObject({ state: 'live', tradingsymbol: 'INFY' });
    expect(orders).toHaveLength(3);
    desk.proxy.letThrough();
  });
});

describe('an order row of our own tag that cannot be read', () => {
  it('is not taken for an order that was never placed: nothing is sent twice', async () => {
    const tag = 'R001D2507141HE101';
    desk.proxy.alter('/orders', (rows) =>
      (rows as Row[]).map((row) => (row.tag === tag ? { ...row, transaction_type: null } : row)),
    );
    const again = await desk.send({ tag, side: 'BUY', tradingsymbol: HEDGE }, SEND_WITHIN_MS);
    desk.proxy.letThrough();
    expect(again.kind).not.toBe('sent');
    expect(desk.simulator.exchange.orders().filter((order) => order.tag === tag)).toHaveLength(1);
  });
});

describe('rows of the other lists that are of an unknown shape', () => {
  const LISTS: [string, string, (data: never) => unknown, () => Promise<unknown>, unknown][] = [
    [
      'trade',
      '/trades',
      (rows: Row[]) => [...rows, { ...rows[0], trade_id: 'x', order_id: FOREIGN, transaction_type: null }],
      async () => (await desk.kite.trades()).map(({ side }) => side),
      ['BUY', 'SELL'],
    ],
    [
      'position',
      '/portfolio/positions',
      ({ net, day }: { net: Row[]; day: Row[] }) => ({
        net: [{ tradingsymbol: 'INFY', product: 'CNC', quantity: null, average_price: 1_500 }, ...net],
        day,
      }),
      async () => (await desk.kite.positions()).net.map(({ quantity }) => quantity).sort(),
      [-75, 75],
    ],
    [
      'quote',
      '/quote',
      (quotes: Row) => ({ ...quotes, 'NSE:INFY': { instrument_token: 408_065, last_price: null } }),
      async () => [...(await desk.kite.quotes([`NFO:${PUT}`, 'NSE:INFY'])).keys()],
      [`NFO:${PUT}`],
    ],
    [
      'listed contract',
      '/instruments/NFO',
      (csv: string) => `${csv.trimEnd()}\n77,7,NIFTYNEWKIND,"NIFTY",0,,,0.05,,PE,NFO-OPT,NFO\n`,
      async () => (await desk.kite.optionContracts('NIFTY')).some(({ tradingsymbol }) => tradingsymbol === PUT),
      true,
    ],
  ];
  const told = new Map<string, unknown>();
  const altered = new Map<string, number>();

  beforeAll(async () => {
    for (const [what, path, alter, read] of LISTS) {
      const before = desk.proxy.altered();
      desk.proxy.alter(path, alter as (data: unknown) => unknown);
      told.set(what, await read().catch((error: Error) => error.message));
      desk.proxy.letThrough();
      altered.set(what, desk.proxy.altered() - before);
      told.set(`${what}, unaltered`, await read());
    }
  });

  it('are added to each of them, which is read while it is as the exchange sent it', () => {
    for (const [what, , , , right] of LISTS) {
      expect([what, altered.get(what)]).toEqual([what, 1]);
      expect([what, told.get(`${what}, unaltered`)]).toEqual([what, right]);
    }
  });

  it.fails.each(LISTS)(
    'F5, of its kind: a %s of an unknown shape is left out alone',
    (what, _path, _alter, _read, right) => {
      expect(told.get(what)).toEqual(right);
    },
  );
});

describe('the exit of a position while such a row is in the book', () => {
  const outcome: { before: unknown[]; altered: number; kinds: string[] } = { before: [], altered: 0, kinds: [] };

  beforeAll(async () => {
    outcome.before = held();
    addRow(withoutSide);
    const lastAltered = desk.proxy.altered();
    const exits = [
      { tag: 'R001D2507141MX101', side: 'BUY', tradingsymbol: PUT },
      { tag: 'R001D2507141HX101', side: 'SELL', tradingsymbol: HEDGE },
    ] as const;
    for (const exit of exits) outcome.kinds.push((await desk.send(exit, SEND_WITHIN_MS)).kind);
    outcome.altered = desk.proxy.altered() - lastAltered;
    desk.proxy.letThrough();
  });

  it('is asked for with both legs open and the row in each look', () => {
    expect(outcome.before).toEqual(
      expect.arrayContaining([
        [PUT, -75],
        [HEDGE, 75],
      ]),
    );
    expect(outcome.altered).toBeGreaterThanOrEqual(2);
    expect(answered).toContainEqual(withoutSide);
  });

  it.fails('F5: one order row of an unknown shape leaves that row alone out, and exits go on', () => {
    expect(outcome.kinds).toEqual(['sent', 'sent']);
  });

  it.fails('F5: one order row of an unknown shape is logged', () => {
    expect(logged(FOREIGN)).not.toEqual([]);
  });
});
