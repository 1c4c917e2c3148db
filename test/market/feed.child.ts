/** Run by feed.test.ts: a process that has nothing but a feed, and whose server is not there yet. After a while it says that it is alone. */
import { createFeed } from '../../src/market/feed.ts';

const feed = createFeed({
  apiKey: 'key',
  tickerRoot: process.argv[2] ?? '',
  now: () => Date.now(),
  clock: { now: () => Date.now() },
});
feed.use('access');
setTimeout(() => console.log('alone'), 3_000);
const look = setInterval(() => {
  if (!feed.status().connected) return;
  clearInterval(look);
  console.log('connected');
  process.exit(0);
}, 50);
