/** A paper exchange that another process kills. Argument: JSON of what it needs. Its port is the first line of its output. */
import { createPaperExchange } from '../../../src/exchange-simulator/paper/exchange.ts';
import { startPaperServer } from '../../../src/exchange-simulator/paper/server.ts';

const { kite, dataDir, ahead } = JSON.parse(process.argv[2] ?? '{}') as {
  kite: { root: string; tickerRoot: string; loginUrl: string };
  dataDir: string;
  /** What the market's time is before that of the wall. */
  ahead: number;
};
const exchange = createPaperExchange({ kite, dataDir, now: () => Date.now() + ahead });
const server = await startPaperServer({ exchange, port: 0, limits: { orders: 1_000, other: 1_000 } });
process.stdout.write(`${server.port}\n`);
