/** Run by kite-answers.test.ts under several time zones: prints the times that the adapter understood. */
import { createKite } from '../../src/brokers/kite.ts';
import { istAt } from '../../src/domain/clock.ts';

const kite = createKite({ apiKey: 'key', apiSecret: 'secret', root: process.argv[2] ?? '' });
const { loginAt } = await kite.exchange('request');
const session = kite.session('access');
const [order] = await session.orders();
const [bar] = await session.historical(256_265, '60minute', istAt('2025-07-14', '09:15'), istAt('2025-07-14', '15:30'));
const offset = new Date('2025-07-14T00:00:00Z').getTimezoneOffset();
console.log(JSON.stringify({ offset, loginAt, placedAt: order?.placedAt, bar: bar?.start }));
