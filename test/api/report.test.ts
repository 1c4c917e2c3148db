import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DayReport } from '../../src/contract/views.ts';
import { flatReport, openPosition } from './fixtures/day-facts.ts';
import { type ReadingApi, startReadingApi } from './fixtures/reading-api.ts';

const HOSTILE = '<script>alert(1)</script>';
const REPORT = '/live/report/2025-07-14';

let api: ReadingApi;
beforeAll(async () => {
  api = await startReadingApi();
  await api.journal.saveReport(await report());
});
afterAll(() => api.stop());

/** A day with something in every part of its report. */
async function report(): Promise<DayReport> {
  const flat = flatReport(await api.identity());
  const [trade] = flat.trades;
  if (!trade) throw new Error('the report of the fixture has a trade');
  return {
    ...flat,
    trades: [trade, { ...trade, tag: '0714P1MA11', tradeId: '1002', tradingsymbol: `A,"B"${HOSTILE}`, price: 5_00 }],
    positions: [openPosition('P1', { state: 'closed', closedAt: trade.at, exitReason: 'exit_time', problem: HOSTILE })],
    decisions: [
      {
        at: trade.at,
        barStart: trade.at,
        close: 25_080_10,
        source: 'kite',
        signal: 'S1',
        outcome: 'fired',
        reason: 'S1 fired: sell 25000 PE.',
        bias: 'BEARISH',
        stop: 25_010_00,
        strike: 25_000_00,
        optionType: 'PE',
      },
    ],
    warnings: [
      {
        id: 'w',
        code: 'fallback_candles',
        message: 'Kite’s candles were taken.',
        since: trade.at,
        blocksEntries: false,
      },
    ],
    differences: ['Zerodha holds 75 NIFTY2571725000PE more.'],
    reconciled: false,
    slippage: [{ tag: '0714P1HE11', expected: 23_00, got: 23_05, quantity: 750 }],
  };
}

const asked = (accept: string) => api.get(REPORT, { accept });
const textOf = (answer: { body: object }) => (answer.body as { text: string }).text;

describe('GET /live/report/{date}', () => {
  it.each([
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
    ['text/csv', 'text/csv'],
    ['text/*', 'text/html'],
    ['text/html;q=0, text/*', 'text/csv'],
    ['application/json;q=0.2, TEXT/CSV;q=0.9', 'text/csv'],
    ['application/*;q=0.1, text/html;q=0.01', 'application/json'],
  ])('with Accept: %s is %s', async (accept, type) => {
    const answer = await asked(accept);
    expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([200, type]);
    expect(answer.headers.get('vary')).toBe('Accept');
  });

  it.each(['application/pdf', 'image/*', 'text/html;q=0', 'nonsense'])('with Accept: %s is 406', async (accept) => {
    expect(await asked(accept)).toMatchObject({ status: 406, body: { error: { code: 'not_acceptable' } } });
  });

  it('as CSV has one line a trade, quoted where a name needs it', async () => {
    const answer = await asked('text/csv');
    expect(textOf(answer).split('\r\n')).toEqual([
      'at,order_id,trade_id,tag,tradingsymbol,transaction_type,quantity,price',
      '2025-07-14T11:15:03+05:30,250714000000001,1001,0714P1HE11,NIFTY2571724800PE,BUY,750,23.05',
      `2025-07-14T11:15:03+05:30,250714000000001,1002,0714P1MA11,"A,""B""${HOSTILE}",BUY,750,5.00`,
      '',
    ]);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="trades-2025-07-14.csv"');
  });

  it('as a page shows result, trades, charges by line, decisions, slippage, lateness, warnings and the price note', async () => {
    const page = textOf(await asked('text/html'));
    const read = page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
    for (const words of [
      'Report of 2025-07-14',
      'Option prices are modelled.',
      'Flat: nothing is open.',
      'book differ',
      'Kite’s candles were taken.',
      'Zerodha holds 75 NIFTY2571725000PE more.',
      'Gross -₹1,050.99',
      'Brokerage ₹80.00',
      'Securities transaction tax ₹60.00',
      'Exchange transaction charges ₹29.11',
      'SEBI turnover fee ₹0.08',
      'Stamp duty ₹0.52',
      'GST ₹19.65',
      'Charges -₹189.36',
      'Net -₹1,240.35',
      '11:15:03 NIFTY2571724800PE BUY 750 23.05',
      'exit time',
      '25,080.10 kite S1: fired S1 fired: sell 25000 PE.',
      '0714P1HE11 23.00 23.05 750',
      'square-off 0.0 s',
    ]) {
      expect(read).toContain(words);
    }
  });

  it('as a page holds foreign words as text', async () => {
    const page = textOf(await asked('text/html'));
    expect(page).not.toContain(HOSTILE);
    expect(page).toContain('&lt;script&gt;');
  });

  it('of a day that was not flat says so first', async () => {
    const identity = { ...(await api.identity()), date: '2025-07-15' };
    await api.journal.saveReport({ ...flatReport(identity), result: 'not_flat', reconciled: null });
    const page = textOf(await api.get('/live/report/2025-07-15', { accept: 'text/html' }));
    expect(page).toContain('NOT FLAT. Look at Kite now and close what is open.');
    expect(page).toContain('Zerodha could not be asked');
  });

  it('of a date that never was is 422', async () => {
    expect(await api.get('/live/report/2025-02-30')).toMatchObject({
      status: 422,
      body: { error: { code: 'invalid_value' } },
    });
  });

  it('of a date that the journal does not know needs the day: 503 while nobody answers for it', async () => {
    expect(await api.get('/live/report/2025-07-16')).toMatchObject({
      status: 503,
      body: { error: { code: expect.stringMatching(/^(temporal|worker)_away$/) } },
    });
  });
});
