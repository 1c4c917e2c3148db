/**
 * Run by fault-f10-full-disk.test.ts, with its data folder on a small disk: live trading at 15:14:05 with a position that has been open
 * since 11:15. The market is a simulator in this process, in memory alone: a full disk is nothing to it. Says its log, line by line.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { startSimulator } from '../exchange-simulator/exchange-server.ts';
import { type PositionRow, startTradingProgram } from '../runtime/fixtures/trading-program.ts';

const LOOK_MS = 50;
const [, , dataDir = ''] = process.argv;

Runtime.install({ logger: new DefaultLogger('ERROR') });
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
// The program's links, which are no line of its log.
console.log = () => {};

const exchange = await startSimulator({ at: '11:10' });
const program = await startTradingProgram(exchange, dataDir, { TRADING_MODE: 'live', NUM_LOTS: '1' });
let said = 0;
setInterval(() => {
  for (const line of program.lines.slice(said)) say(line);
  said = program.lines.length;
}, LOOK_MS);
const logged = async (text: string) => {
  while (!program.lines.some(({ msg }) => msg?.includes(text))) await sleep(LOOK_MS);
};

await program.logIn();
await program.post('/live/start-trading', { enabled: true });
await logged('Pre-flight: all is well');
await program.moveTo('11:14:58');
const rests = async () => {
  const { positions } = await program.get<{ positions: PositionRow[] }>('/live/positions');
  return positions[0]?.resting_stop?.state === 'TRIGGER PENDING';
};
while (!(await rests())) await sleep(LOOK_MS);
await program.moveTo('15:14:05');
say({ ready: true, exchange: exchange.root });
// A person is at the dashboard. What they do makes the day's history grow: until then Temporal may go on in the space that it has.
setInterval(() => void program.post('/live/acknowledge', { ids: 'all' }).catch(() => {}), 500);
