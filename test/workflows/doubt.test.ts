import { describe, expect, it } from 'vitest';
import type { OrderView } from '../../src/contract/ledger.ts';
import { istTime } from '../../src/domain/clock.ts';
import { makeTag } from '../../src/domain/tags.ts';
import type { SimFault, SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectLedgerIsBook, expectNeverNaked, expectSound, filledOf, ours } from './soundness.ts';
import type { Day } from './stage.ts';

const stage = stageOfFile();

/** A day on which somebody has pressed start. Where the exit's own order is what matters, the stop cannot become it. */
function started(sent?: Sent): Promise<Day> {
  return stage.tradingDay({ exchange: { typeChange: sent === 'exit' ? 'refuse' : 'allow' } });
}

const POST = { path: '/orders', method: 'POST', count: 1 };

type Sent = 'hedge entry' | 'main entry' | 'stop' | 'exit' | 'hedge exit';

/** Puts the fault on the request that sends this order: right after what comes before it is in the book as it should be. */
async function faultOn(today: Day, sent: Sent, fault: SimFault): Promise<void> {
  const once = (before: (order: SimOrder) => boolean) => {
    const off = today.exchange.onOrder((order) => {
      if (!before(order)) return;
      off();
      today.exchange.addFault(fault);
    });
  };
  const complete = (symbol: string, side: string) => (order: SimOrder) =>
    order.tradingsymbol === symbol && order.side === side && order.status === 'COMPLETE';
  if (sent === 'hedge entry') {
    await today.at('11:00');
    today.exchange.addFault(fault);
  } else if (sent === 'main entry') once(complete(HEDGE, 'BUY'));
  else if (sent === 'stop') once(complete(MAIN, 'SELL'));
  else if (sent === 'exit') once((order) => order.orderType === 'SL' && order.status === 'CANCELLED');
  else once(complete(MAIN, 'BUY'));
}

const logged = (today: Day, kind: string) =>
  today.lines.map((line) => JSON.parse(line)).filter((line) => line.kind === kind);

describe('an order whose answer never came, but which the broker has', () => {
  it.each<Sent>(['hedge entry', 'main entry', 'stop', 'exit', 'hedge exit'])(
    '%s: found and taken over',
    async (sent) => {
      const today = await started(sent);
      await faultOn(today, sent, { kind: 'timeout_after_accept', count: 1 });
      const report = await today.result();
      expectSound(report, today.exchange);
      expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
      expect(filledOf(today.book(), MAIN, 'BUY')).toBe(750);
      expect(ours(today.book())).toHaveLength(sent === 'exit' ? 5 : 4);
    },
  );

  it.each<[string, SimFault]>([
    ['a gateway error afterwards', { kind: 'http_error', status: 502, after: true, ...POST }],
    ['a broken connection afterwards', { kind: 'drop_connection', after: true, ...POST }],
    ['an acceptance that came with an error', { kind: 'late_acceptance', count: 1, ms: 100 }],
    ['an acceptance after the client had given up', { kind: 'late_acceptance', count: 1, ms: 900 }],
  ])('%s', async (_, fault) => {
    const today = await started();
    await faultOn(today, 'stop', fault);
    // The looks come at 3 s and 15 s of a market that stands still while the broker makes up its mind.
    await today.at('11:15');
    await today.seen('the doubt', ({ orders }) => orders.some(({ status }) => status === 'IN DOUBT'));
    await today.seen('its arrival', () => today.book().some(({ orderType }) => orderType === 'SL'));
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(ours(today.book())).toHaveLength(4);
  });
});

describe('an order whose answer never came, and which the broker has not', () => {
  it.each<[Sent, OrderView['role'], OrderView['purpose']]>([
    ['hedge entry', 'hedge', 'entry'],
    ['stop', 'main', 'stop'],
    ['exit', 'main', 'exit'],
    ['hedge exit', 'hedge', 'exit'],
  ])('%s: sent again, under a new tag, once it was absent at 3 s and at 15 s', async (sent, role, purpose) => {
    const today = await started(sent);
    await faultOn(today, sent, { kind: 'drop_connection', ...POST });
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
    const view = await today.view();
    const [absent, again] = view.orders.filter((order) => order.role === role && order.purpose === purpose);
    expect(absent).toMatchObject({ status: 'ABSENT', orderId: null });
    expect(again?.intendedAt).toBeGreaterThanOrEqual((absent?.intendedAt ?? 0) + 15_000);
    expect(again?.tag).not.toBe(absent?.tag);
    expect(today.book().map(({ tag }) => tag)).not.toContain(absent?.tag);
  });

  it('an opening sell is never sent again: its hedge is sold within a minute', async () => {
    const today = await started();
    await faultOn(today, 'main entry', { kind: 'drop_connection', ...POST });
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(today.book().filter(({ tradingsymbol }) => tradingsymbol === MAIN)).toEqual([]);
    const [bought, sold] = today.book();
    expect(sold).toMatchObject({ tradingsymbol: HEDGE, side: 'SELL', filledQuantity: 750 });
    const waited = (sold?.placedAt ?? 0) - (bought?.placedAt ?? 0);
    expect(waited).toBeGreaterThanOrEqual(50_000);
    expect(waited).toBeLessThan(60_000);
    expect(report.positions).toMatchObject([{ state: 'closed', exitReason: 'entry_failed' }]);
  });

  it('an opening sell that comes within that minute is taken over and protected', async () => {
    const today = await started();
    await faultOn(today, 'main entry', { kind: 'drop_connection', ...POST });
    await today.at('11:15');
    await today.at('11:15:30');
    await arrive(today, 'main', 'entry');
    const { positions } = await today.seen('its stop', (view) => {
      return view.positions[0]?.restingStop?.state === 'TRIGGER PENDING';
    });
    expect(positions).toMatchObject([{ state: 'open', exitReason: null }]);
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
  });

  it('an opening sell that comes after its hedge was sold is bought back at once', async () => {
    const today = await started();
    await faultOn(today, 'main entry', { kind: 'drop_connection', ...POST });
    await today.at('11:18');
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    const late = await arrive(today, 'main', 'entry');
    await today.at('11:20');
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ state: 'closed' }] });
    expectLedgerIsBook(report, today.book());
    expect(filledOf(today.book(), MAIN, 'BUY')).toBe(today.exchange.order(late.orderId)?.filledQuantity);
    const backAt = ours(today.book()).at(-1)?.placedAt ?? 0;
    expect(istTime(backAt) < '11:19:00', istTime(backAt)).toBe(true);
    expect(logged(today, 'late_order').length).toBeGreaterThan(0);
  });

  it('a hedge that comes after it was bought again is sold', async () => {
    const today = await started();
    await faultOn(today, 'hedge entry', { kind: 'drop_connection', ...POST });
    await today.at('11:16');
    await today.seen('the position', ({ positions }) => positions[0]?.state === 'open');
    await arrive(today, 'hedge', 'entry');
    await today.at('11:18');
    const held = today.exchange.positions().find(({ tradingsymbol }) => tradingsymbol === HEDGE);
    expect(held?.quantity).toBe(750);
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(filledOf(today.book(), HEDGE, 'BUY')).toBe(1_500);
  });

  it('an exit that comes after it was bought again is sold off, and no hedge that is not held', async () => {
    const today = await started('exit');
    await today.opened();
    await faultOn(today, 'exit', { kind: 'drop_connection', ...POST });
    await today.closeAll();
    await today.at('11:16');
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    await arrive(today, 'main', 'exit');
    await today.at('11:18');
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
    expectLedgerIsBook(report, today.book());
    expect(filledOf(today.book(), HEDGE, 'SELL')).toBe(750);
    expect(today.exchange.positions().filter(({ quantity }) => quantity !== 0)).toEqual([]);
  });
});

describe('a doubtful order in a contract that somebody else holds too', () => {
  it('is absent when their quantity is all that the broker holds: the exit is sent again', async () => {
    const day = await stage.startDay({ from: '09:20', exchange: { typeChange: 'refuse' } });
    day.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'SELL', quantity: 75 });
    await day.logIn();
    await day.start();
    const { warnings } = await day.seen('the warning', (view) => view.warnings.length > 0);
    await day.acknowledge(warnings.map(({ id }) => id));
    await day.opened();
    await faultOn(day, 'exit', { kind: 'drop_connection', ...POST });
    await day.closeAll();
    await day.at('11:17');
    const { positions } = await day.seen('the end', (view) => view.positions[0]?.state === 'closed');
    expect(istTime(positions[0]?.closedAt ?? 0) < '11:16:00').toBe(true);
    const report = await day.result();
    expectNeverNaked(day.book());
    expectLedgerIsBook(report, day.book());
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
  });
});

describe('an answer that is no doubt', () => {
  it.each<[string, SimFault]>([
    ['too many requests to send', { kind: 'rate_limit', path: '/orders', method: 'POST', count: 2 }],
    ['too many requests to look', { kind: 'rate_limit', path: '/orders', method: 'GET', count: 2 }],
    ['a look that failed', { kind: 'http_error', path: '/orders', method: 'GET', count: 2 }],
  ])('%s: goes on in the next second, with the same order', async (_, fault) => {
    const today = await started();
    await faultOn(today, 'hedge entry', fault);
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
    expect(logged(today, 'order_in_doubt')).toEqual([]);
    expect(ours(today.book())).toHaveLength(4);
  });

  it('a machine that may not send: the entry is given up with its decision, and the warning names the remedy', async () => {
    const today = await started();
    await faultOn(today, 'hedge entry', { kind: 'ip_refused', count: 100_000 });
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(today.book()).toEqual([]);
    expect(report.warnings).toMatchObject([{ code: 'orders_refused' }]);
    expect(report.warnings[0]?.message).toContain('developer console');
  });

  it('a machine that may not send: an exit is tried again every 30 s', async () => {
    const today = await started('exit');
    await faultOn(today, 'exit', { kind: 'ip_refused', count: 3 });
    const report = await today.result();
    expectSound(report, today.exchange);
    const exit = today.book().find(({ tradingsymbol, orderType, side }) => {
      return tradingsymbol === MAIN && orderType === 'LIMIT' && side === 'BUY';
    });
    expect(istTime(exit?.placedAt ?? 0) >= '15:16:30', istTime(exit?.placedAt ?? 0)).toBe(true);
    expect(report.warnings.map(({ code }) => code)).not.toContain('orders_refused');
  });
});

describe('an order of somebody else that carries our tag', () => {
  async function withTheirs(): Promise<{ today: Day; theirs: SimOrder }> {
    const today = await started();
    await today.at('10:30');
    const { run, date } = today.identity;
    const tag = makeTag({ run, date, position: 1, role: 'hedge', purpose: 'entry', slice: 1, attempt: 1 });
    const theirs = today.exchange.place(limitOrder(HEDGE, 'BUY', 75, 2500, tag));
    await today.seen('the difference', ({ warnings }) => warnings.some(({ code }) => code === 'difference'));
    return { today, theirs };
  }

  it('blocks entries: nothing is assumed, nothing is sold, and the day says so', async () => {
    const { today, theirs } = await withTheirs();
    const report = await today.result();
    expect(ours(today.book()).map(({ orderId }) => orderId)).toEqual([theirs.orderId]);
    expect(report.decisions[1]?.reason).toContain('blocked until acknowledged');
    expect(report.trades).toEqual([]);
    expect(report.result).toBe('not_flat');
  });

  it('acknowledged, counts as what it is: part of the hedge, of which the rest is bought', async () => {
    const { today } = await withTheirs();
    await today.acknowledge('all');
    const report = await today.result();
    expectNeverNaked(today.book());
    expect(report.positions).toMatchObject([{ state: 'closed', exitReason: 'exit_time' }]);
    expect(today.exchange.positions().filter(({ quantity }) => quantity !== 0)).toEqual([]);
  });
});

/** The broker's belated placing of an order that never got through. */
async function arrive(today: Day, role: OrderView['role'], purpose: OrderView['purpose']): Promise<SimOrder> {
  const view = await today.view();
  const lost = view.orders.find((order) => order.role === role && order.purpose === purpose);
  const contract = lost && today.exchange.find('NFO', lost.tradingsymbol);
  const last = contract && today.exchange.quote(contract)?.lastPrice;
  if (!lost || last === undefined) throw new Error(`no ${role} ${purpose}`);
  const price = Math.round((last * (lost.side === 'BUY' ? 1.1 : 0.9)) / 5) * 5;
  return today.exchange.place(limitOrder(lost.tradingsymbol, lost.side, lost.quantity, price, lost.tag));
}

function limitOrder(tradingsymbol: string, side: 'BUY' | 'SELL', quantity: number, price: number, tag: string) {
  return {
    ...{
      variety: 'regular',
      exchange: 'NFO',
      tradingsymbol,
      side,
      orderType: 'LIMIT',
      product: 'MIS',
      validity: 'DAY',
    },
    ...{ quantity, price, triggerPrice: 0, disclosedQuantity: 0, marketProtection: null, tag },
  };
}
