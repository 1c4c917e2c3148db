import { Hono } from 'hono';
import type { Brokerage, SimCash, SimPosition } from '../core/types.ts';
import { rupees } from './format.ts';
import { invalid, success } from './kite-envelope.ts';
import { profileOf } from './kite-login.ts';
import type { Wire } from './wire.ts';

/** The user, their money and their positions (K-docs: "User", "Portfolio"). */
export function kiteAccount({ exchange }: Wire): Hono {
  const app = new Hono();

  app.get('/user/profile', (c) => success(c, profileOf(exchange.userId)));
  app.get('/user/margins', (c) => success(c, { equity: equityMargins(exchange.cash()), commodity: NO_COMMODITY }));
  app.get('/user/margins/:segment', (c) => {
    const segment = c.req.param('segment');
    if (segment === 'equity') return success(c, equityMargins(exchange.cash()));
    if (segment === 'commodity') return success(c, NO_COMMODITY);
    throw invalid('segment');
  });
  app.get('/portfolio/holdings', (c) => success(c, []));
  app.route('/', kitePositions(exchange));

  return app;
}

export function kitePositions(exchange: Pick<Brokerage, 'positions'>): Hono {
  const app = new Hono();
  app.get('/portfolio/positions', (c) => {
    const positions = exchange.positions();
    return success(c, {
      net: positions.map(netRow),
      day: positions.filter((row) => row.dayBuyQuantity + row.daySellQuantity > 0).map((row) => netRow(dayOnly(row))),
    });
  });

  return app;
}

/** `data.equity` of `/user/margins`. */
export function equityMargins(cash: SimCash) {
  return {
    enabled: true,
    net: rupees(cash.available),
    available: {
      adhoc_margin: 0,
      cash: rupees(cash.opening),
      opening_balance: rupees(cash.opening),
      live_balance: rupees(cash.available),
      collateral: 0,
      intraday_payin: 0,
    },
    utilised: {
      debits: rupees(cash.used),
      exposure: rupees(cash.exposure),
      m2m_realised: 0,
      m2m_unrealised: 0,
      option_premium: rupees(cash.premium),
      payout: 0,
      span: rupees(cash.span),
      holding_sales: 0,
      turnover: 0,
      liquid_collateral: 0,
      stock_collateral: 0,
      delivery: 0,
    },
  };
}

const NO_COMMODITY = {
  enabled: false,
  net: 0,
  available: { adhoc_margin: 0, cash: 0, opening_balance: 0, live_balance: 0, collateral: 0, intraday_payin: 0 },
  utilised: {
    debits: 0,
    exposure: 0,
    m2m_realised: 0,
    m2m_unrealised: 0,
    option_premium: 0,
    payout: 0,
    span: 0,
    holding_sales: 0,
    turnover: 0,
    liquid_collateral: 0,
    stock_collateral: 0,
    delivery: 0,
  },
};

/** The part of a position that today's trades made. */
function dayOnly(row: SimPosition): SimPosition {
  return {
    ...row,
    quantity: row.dayBuyQuantity - row.daySellQuantity,
    overnightQuantity: 0,
    buyQuantity: row.dayBuyQuantity,
    buyValue: row.dayBuyValue,
    sellQuantity: row.daySellQuantity,
    sellValue: row.daySellValue,
  };
}

function netRow(row: SimPosition) {
  const buyPrice = row.buyQuantity ? row.buyValue / row.buyQuantity : 0;
  const sellPrice = row.sellQuantity ? row.sellValue / row.sellQuantity : 0;
  const value = row.sellValue - row.buyValue;
  const pnl = value + row.quantity * row.lastPrice;
  const overnightValue = row.overnightQuantity * row.closePrice;
  return {
    tradingsymbol: row.tradingsymbol,
    exchange: 'NFO',
    instrument_token: row.instrumentToken,
    product: row.product,
    quantity: row.quantity,
    overnight_quantity: row.overnightQuantity,
    multiplier: 1,
    average_price: rupees(row.quantity > 0 ? buyPrice : row.quantity < 0 ? sellPrice : 0),
    close_price: rupees(row.closePrice),
    last_price: rupees(row.lastPrice),
    value: rupees(value),
    pnl: rupees(pnl),
    m2m: rupees(row.daySellValue - row.dayBuyValue - overnightValue + row.quantity * row.lastPrice),
    // Kite puts the whole profit or loss of a position here and leaves `realised` at 0 (K-docs sample).
    unrealised: rupees(pnl),
    realised: 0,
    buy_quantity: row.buyQuantity,
    buy_price: rupees(buyPrice),
    buy_value: rupees(row.buyValue),
    buy_m2m: rupees(row.dayBuyValue + Math.max(0, overnightValue)),
    sell_quantity: row.sellQuantity,
    sell_price: rupees(sellPrice),
    sell_value: rupees(row.sellValue),
    sell_m2m: rupees(row.daySellValue + Math.max(0, -overnightValue)),
    day_buy_quantity: row.dayBuyQuantity,
    day_buy_price: rupees(row.dayBuyQuantity ? row.dayBuyValue / row.dayBuyQuantity : 0),
    day_buy_value: rupees(row.dayBuyValue),
    day_sell_quantity: row.daySellQuantity,
    day_sell_price: rupees(row.daySellQuantity ? row.daySellValue / row.daySellQuantity : 0),
    day_sell_value: rupees(row.daySellValue),
  };
}
