import { describe, expect, it } from 'vitest';
import type { OrderBody, PositionBody, StatusBody } from '../../src/api/schemas.ts';
import { orderBody, positionBody } from '../../src/api/views.ts';
import type { PositionView } from '../../src/contract/views.ts';
import { openPosition, restingStop } from '../api/fixtures/day-facts.ts';

type Words = {
  modeWords(status: StatusBody): string;
  sentence(status: StatusBody, positions: PositionBody[]): string;
  emergencyWords(positions: PositionBody[]): string;
  orderWords(order: OrderBody): string;
  isFlat(status: StatusBody, positions: PositionBody[], orders: Pick<OrderBody, 'over'>[]): boolean;
};
type Format = {
  profit(amount: number | null): { text: string; mark: string; kind: string };
  span(from: string, to: string | null): string | null;
};
// The page's script is JavaScript, checked on its own against the API's types.
const from = (file: string) => import(new URL(`../../src/dashboard/${file}`, import.meta.url).href);
const { modeWords, sentence, emergencyWords, orderWords, isFlat }: Words = await from('words.js');
const { profit, span }: Format = await from('format.js');

const at = (time: string) => `2025-07-14T${time}+05:30`;
const position = (change: Partial<PositionView> = {}) => positionBody(openPosition('P1', change), new Map());

const DAY_LOST = {
  ...{ id: 'day_lost', code: 'day_lost', message: 'It ended without a report.', since: at('11:42:07') },
  ...{ blocks_entries: true, acknowledged: false },
};

function status(change: Partial<StatusBody>): StatusBody {
  return {
    date: '2025-07-14',
    mode: 'replay',
    account: 'demo',
    run: 1,
    state: 'trading',
    enabled: true,
    started: true,
    entries_off: null,
    hands_off: null,
    authenticated: true,
    user_id: 'AB1234',
    login_expires_at: '2025-07-15T06:00:00+05:30',
    login_refused: null,
    market_time: at('11:42:07'),
    clock_speed: 60,
    market_open: true,
    opens_at: at('09:15:00'),
    closes_at: at('15:30:00'),
    holiday: null,
    no_day: null,
    next_trading_day: null,
    plan: null,
    limits: null,
    pnl: { realised: 0, unrealised: 0, charges: 0, net: 0, prices_at: null },
    open_positions: 0,
    next_check_at: at('12:15:00'),
    square_off_at: at('15:15:00'),
    last_signal: null,
    result: null,
    busy: false,
    warnings: [],
    pages: [],
    ...change,
  };
}

describe('the sentence after an emergency', () => {
  it.each(['trading', 'stopped'] as const)('says that entries are off and what is left to close, while %s', (state) => {
    const off = status({ state, entries_off: 'emergency' });
    expect(sentence(off, [position({ state: 'closing' })])).toBe(
      'No new entries today: emergency. Closing: 0 of 750 bought back; the hedge waits.',
    );
    expect(sentence(off, [])).toBe('No new entries today: emergency. Nothing is open.');
  });
});

describe('hands off', () => {
  const hands_off = { by: 'the API', since: at('11:40:00') };

  it.each(['trading', 'stopped', 'squaring_off', 'awaiting_auth'] as const)(
    'is said before all else, while %s',
    (state) => {
      expect(sentence(status({ state, hands_off }), [position()])).toBe(
        'HANDS OFF since 11:40: no order is sent, changed or cancelled from here. 1 stop order rests at Zerodha.',
      );
    },
  );

  it('is over with the day', () => {
    expect(sentence(status({ state: 'closed', result: 'flat', hands_off }), [])).toContain('Day over');
  });
});

describe('the words of an order', () => {
  const order = (phase: OrderBody['phase'], word: string) =>
    orderWords({ ...orderBody(restingStop()), phase, status: word });

  it.each([
    ['intended', 'INTENDED', 'about to be sent'],
    ['in_flight', 'INTENDED', 'being sent'],
    ['doubt', 'IN DOUBT', 'IN DOUBT: sent, and no answer came. Look at Kite'],
    ['absent', 'ABSENT', 'not in the order book'],
    ['not_sent', 'REFUSED', 'REFUSED'],
    ['working', 'OPEN', 'OPEN'],
    ['resting', 'TRIGGER PENDING', 'TRIGGER PENDING'],
    ['ended', 'COMPLETE', 'COMPLETE'],
    [null, 'OPEN', 'OPEN'],
  ] as const)('in phase %s with the word %s are: %s', (phase, word, words) => {
    expect(order(phase, word)).toBe(words);
  });
});

describe('the sentence of the dashboard', () => {
  const lost = {
    id: 'l',
    code: 'login_lost',
    message: '',
    since: at('13:20:00'),
    blocks_entries: false,
    acknowledged: false,
  };
  it.each<[string, Partial<StatusBody>, PositionBody[], string]>([
    [
      'before the login',
      { state: 'awaiting_auth', market_time: at('08:53:00') },
      [],
      'Waiting for the Zerodha login. Nothing is traded until then. Market opens 09:15, in 22 m.',
    ],
    [
      'after a refused login',
      { state: 'awaiting_auth', login_refused: 'Token is invalid.' },
      [],
      'Zerodha refused the login: “Token is invalid.”. Log in again.',
    ],
    [
      'when the login is lost',
      { state: 'awaiting_auth', warnings: [lost] },
      [position()],
      'Zerodha login lost at 13:20. 1 position open; 1 stop order rested at Zerodha then. Log in to regain control.',
    ],
    ['ready', { state: 'ready' }, [], 'Logged in. Waiting for you to start.'],
    ['trading', {}, [], 'Trading. Next signal check 12:15. Square-off 15:15, in 3 h 33 m.'],
    [
      'stopped',
      { state: 'stopped' },
      [position()],
      'No new entries. Open positions stay guarded. Square-off 15:15, in 3 h 33 m.',
    ],
    [
      'closed',
      {
        state: 'closed',
        result: 'flat',
        pnl: { realised: 0, unrealised: 0, charges: 0, net: -1240.35, prices_at: null },
      },
      [],
      'Day over. Zerodha says flat. Net -₹1,240.35.',
    ],
    ['not flat', { state: 'closed', result: 'not_flat' }, [], 'DAY OVER, NOT FLAT. Look at Kite now. Net ₹0.00.'],
    [
      'lost',
      { state: 'closed', warnings: [DAY_LOST] },
      [position()],
      'DAY LOST: it ended without a report, and nothing of it is watched any more. Look at Kite now.',
    ],
    ['without a day', { state: 'no_day', no_day: 'No trading day is open yet.' }, [], 'No trading day is open yet.'],
    [
      'on a holiday',
      { state: 'holiday', holiday: 'Sunday', next_trading_day: '2025-07-14' },
      [],
      'Market holiday: Sunday. Next trading day Mon 14 Jul 2025.',
    ],
  ])('%s', (_, change, positions, words) => {
    expect(sentence(status(change), positions)).toBe(words);
  });

  it('while squaring off counts what is bought back', () => {
    const legs = openPosition().legs.map((leg) => (leg.side === 'SELL' ? { ...leg, openQuantity: 300 } : leg));
    expect(sentence(status({ state: 'squaring_off' }), [position({ legs, state: 'closing' })])).toBe(
      'Closing: 450 of 750 bought back; the hedge waits.',
    );
  });

  it('names the mode so that nobody takes a replay for money, or money for a replay', () => {
    expect(modeWords(status({}))).toBe('REPLAY 60x, recorded day Mon 14 Jul 2025. No order reaches a broker.');
    expect(modeWords(status({ mode: 'paper' }))).toBe('PAPER: real prices, simulated orders');
    expect(modeWords(status({ mode: 'live' }))).toBe('LIVE: real orders at Zerodha, AB1234');
  });

  it('an emergency buys shorts back before it sells hedges', () => {
    expect(emergencyWords([position()])).toBe(
      'Buys back 750 NIFTY2571725000PE, then sells 750 NIFTY2571724800PE. No new entries today.',
    );
  });

  it('flat needs every position closed, every order ended and nothing under way', () => {
    const closed = [position({ state: 'closed' })];
    expect(isFlat(status({}), closed, [{ over: true }])).toBe(true);
    expect(isFlat(status({ busy: true }), closed, [])).toBe(false);
    expect(isFlat(status({}), [position({ state: 'residual_hedge' })], [])).toBe(false);
    expect(isFlat(status({}), closed, [{ over: false }])).toBe(false);
  });
});

describe('figures', () => {
  it('a result has a sign, a direction and Indian grouping', () => {
    expect(profit(107250.5)).toEqual({ text: '+₹1,07,250.50', mark: '▲', kind: 'gain' });
    expect(profit(-1240.35)).toEqual({ text: '-₹1,240.35', mark: '▼', kind: 'loss' });
    expect(profit(null)).toEqual({ text: 'not known', mark: '', kind: 'unknown' });
  });

  it('a time that has passed has no span', () => {
    expect(span(at('15:16:00'), at('15:15:00'))).toBeNull();
    expect(span(at('11:42:07'), null)).toBeNull();
  });
});
