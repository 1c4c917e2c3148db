import type { Notices } from '../contract/notices.ts';
import { istDate } from '../domain/clock.ts';
import type { Account } from '../journal/types.ts';
import { createLogChannel, type NoticeLog } from './log-channel.ts';

/** Notices that go to the log alone, where nothing waits for them: the simulation, and tests. */
export function createLoggedNotices(options: {
  account: Account;
  clock: { now(): number };
  log: NoticeLog;
}): Pick<Notices, 'send'> {
  const { account, clock, log } = options;
  const channel = createLogChannel(log);
  return {
    async send(notice, date) {
      const at = clock.now();
      channel.write({ ...notice, at, mode: account.mode, account: account.account, date: date ?? istDate(at) });
      return { deliveredAt: Date.now() };
    },
  };
}
