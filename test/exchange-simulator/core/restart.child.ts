/** A simulated exchange that another process kills. Argument: JSON of options. Every order that it has acknowledged is a line of its output, with market time and wall time. */
import { createExchange, type ExchangeOptions } from '../../../src/exchange-simulator/replay/exchange.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as ExchangeOptions & { tag: string; lease?: number };
const exchange = await createExchange(options);
if (options.lease) exchange.clock.lease(options.lease);
let number = 0;
setInterval(() => {
  number += 1;
  const { orderId } = exchange.place({
    ...{ variety: 'regular', exchange: 'NFO', tradingsymbol: 'NIFTY2571725000PE', side: 'BUY', orderType: 'LIMIT' },
    ...{ product: 'NRML', validity: 'DAY', quantity: 75, price: number % 2 ? 8_000 : 3_000, triggerPrice: 0 },
    ...{ disclosedQuantity: 0, marketProtection: null, tag: `${options.tag}${number}` },
  });
  process.stdout.write(`${orderId} ${exchange.clock.now()} ${Date.now()}\n`);
}, 10);
