import { it } from 'vitest';
import { FORTY_LOTS, played } from './scenario.ts';
const run = played({ coarse: true, plan: { ...FORTY_LOTS, exitPolicy: 'weekly' } }, async (day) => {
  const count: Record<string, number> = {};
  day.world.hooks.add((point) => { if (point.kind === 'activity' && point.point === 'ended') count[point.type] = (count[point.type] ?? 0) + 1; });
  await day.opened(3_000);
  console.log('opened', day.execution.history.events, JSON.stringify(count));
  for (const t of ['11:20','12:20','15:14','15:16']) {
  await day.at(t);
  console.log(t, day.execution.history.events, JSON.stringify(count));
  }
  exchangeFault(day); day.emergency(); for (const t of ['15:17','15:18','15:19','15:20']) { await day.at(t); console.log(t, day.execution.history.events, JSON.stringify(count)); } return (await day.told()).slice(-3000);
});
it('debug', async () => { console.log(await run()); });
function exchangeFault(day: any) {
  day.exchange.addFault({ kind: 'refuse_type_change', count: 1_000_000 });
  day.exchange.addFault({ kind: 'reject_order', count: 1_000_000, tradingsymbol: 'NIFTY2571725000PE', transaction_type: 'BUY' });
}
