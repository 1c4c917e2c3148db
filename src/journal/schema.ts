import {
  bigint,
  boolean,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  type PgColumn,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import type { LogLevel, Switches } from '../contract/journal.ts';
import type { HandedOver, OrderView } from '../contract/ledger.ts';
import type { Notice } from '../contract/notices.ts';
import type { DayReport, DecisionView, PositionView } from '../contract/views.ts';

/** Epoch ms: market time, but for `last_price.at` and the instants of `notices`, which are wall time. */
const instant = (name: string) => bigint(name, { mode: 'number' });
const paise = (name: string) => bigint(name, { mode: 'number' });

/** The batch that wrote a row last: an older batch that arrives late leaves the row alone. */
const sequence = () => bigint('sequence', { mode: 'number' }).notNull();

export const days = pgTable(
  'days',
  {
    /** The day's workflow id. */
    id: text('id').primaryKey(),
    mode: text('mode').notNull(),
    account: text('account').notNull(),
    run: integer('run').notNull(),
    date: date('date', { mode: 'string' }).notNull(),
    state: text('state').notNull(),
    result: text('result'),
    report: jsonb('report').$type<DayReport>(),
    sequence: sequence(),
    switches: jsonb('switches').$type<Switches>(),
  },
  (table) => [unique().on(table.mode, table.account, table.run, table.date)],
);

const dayId = () =>
  text('day_id')
    .notNull()
    .references((): PgColumn => days.id);

export const events = pgTable(
  'events',
  {
    dayId: dayId(),
    seq: integer('seq').notNull(),
    at: instant('at').notNull(),
    level: text('level').$type<LogLevel>().notNull(),
    kind: text('kind').notNull(),
    text: text('text').notNull(),
    data: jsonb('data').$type<Record<string, unknown>>(),
  },
  (table) => [primaryKey({ columns: [table.dayId, table.seq] })],
);

export const orders = pgTable(
  'orders',
  {
    dayId: dayId(),
    tag: text('tag').notNull(),
    orderId: text('order_id'),
    status: text('status').notNull(),
    view: jsonb('view').$type<OrderView>().notNull(),
    sequence: sequence(),
  },
  (table) => [primaryKey({ columns: [table.dayId, table.tag] }), index().on(table.orderId)],
);

export const trades = pgTable(
  'trades',
  {
    dayId: dayId(),
    tradeId: text('trade_id').notNull(),
    tag: text('tag').notNull(),
    tradingsymbol: text('tradingsymbol').notNull(),
    side: text('side').$type<OrderView['side']>().notNull(),
    quantity: integer('quantity').notNull(),
    price: paise('price').notNull(),
    at: instant('at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.dayId, table.tradeId] }),
    foreignKey({ columns: [table.dayId, table.tag], foreignColumns: [orders.dayId, orders.tag] }),
  ],
);

export const positions = pgTable(
  'positions',
  {
    dayId: dayId(),
    id: text('id').notNull(),
    state: text('state').$type<PositionView['state']>().notNull(),
    openedAt: instant('opened_at').notNull(),
    view: jsonb('view').$type<PositionView>().notNull(),
    /** What the next day needs to go on with it. */
    handedOver: jsonb('handed_over').$type<HandedOver>(),
    sequence: sequence(),
  },
  (table) => [primaryKey({ columns: [table.dayId, table.id] })],
);

/** Every hourly decision, also those that traded nothing. */
export const signals = pgTable(
  'signals',
  {
    dayId: dayId(),
    barStart: instant('bar_start').notNull(),
    at: instant('at').notNull(),
    signal: text('signal'),
    outcome: text('outcome').notNull(),
    view: jsonb('view').$type<DecisionView>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.dayId, table.barStart, table.at] })],
);

export const sessions = pgTable(
  'sessions',
  {
    mode: text('mode').notNull(),
    account: text('account').notNull(),
    run: integer('run').notNull(),
    number: integer('number').notNull(),
    userId: text('user_id').notNull(),
    sealedAccessToken: text('sealed_access_token').notNull(),
    since: instant('since').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.mode, table.account, table.run, table.number] }),
    unique().on(table.mode, table.account, table.run, table.sealedAccessToken),
  ],
);

export const lastPrices = pgTable('last_price', {
  instrumentToken: bigint('instrument_token', { mode: 'number' }).primaryKey(),
  price: paise('price').notNull(),
  bid: paise('bid'),
  ask: paise('ask'),
  at: instant('at').notNull(),
});

export const replayRuns = pgTable(
  'replay_runs',
  {
    account: text('account').notNull(),
    run: integer('run').notNull(),
    finished: boolean('finished').notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.run] })],
);

/** What was to reach the owner; what has no `delivered_at` waits for a channel. */
export const notices = pgTable(
  'notices',
  {
    mode: text('mode').notNull(),
    account: text('account').notNull(),
    run: integer('run').notNull(),
    id: text('id').notNull(),
    notice: jsonb('notice').$type<Notice>().notNull(),
    queuedAt: instant('queued_at').notNull(),
    deliveredAt: instant('delivered_at'),
  },
  (table) => [
    primaryKey({ columns: [table.mode, table.account, table.run, table.id] }),
    index().on(table.mode, table.account, table.run, table.queuedAt),
  ],
);
