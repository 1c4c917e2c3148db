import { it } from 'vitest';
import { FORTY_LOTS, played } from './scenario.ts';

const run = played({ coarse: true, plan: { ...FORTY_LOTS, exitPolicy: 'weekly' } }, async (day) => {
  const count: Record<string, number> = {};
  day.world.hooks.add((point) => {
    if (point.kind === 'activity' && point.point === 'ended') count[point.type] = (count[point.type] ?? 0) + 1;
  });
  await day.opened(3_000);
  console.log('opened', day.execution.history.events, JSON.stringify(count));
  for (const t of ['11:20', '11:30', '12:00', '12:20', '13:20', '15:14']) {
    await day.at(t);
    console.log(t, day.execution.history.events, JSON.stringify(count));
  }
  return (await day.told()).slice(-3000);
});
it('debug', async () => {
  console.log(await run());
});
