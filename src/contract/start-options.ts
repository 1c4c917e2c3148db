/** How a day is started: by the Schedule's workflow, a login, start-trading, a replay's operator. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { type DayIdentity, dayTaskQueue, dayWorkflowId } from './identity.ts';

const TRADING_DATE = defineSearchAttributeKey('TradingDate', 'KEYWORD');
const TRADING_MODE = defineSearchAttributeKey('TradingMode', 'KEYWORD');

/** At most once a date: a day that has ended is not begun again. Production sets no workflow time-out. */
export function dayOptions(identity: DayIdentity) {
  return {
    workflowId: dayWorkflowId(identity),
    taskQueue: dayTaskQueue(identity),
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    typedSearchAttributes: [
      { key: TRADING_DATE, value: identity.date },
      { key: TRADING_MODE, value: identity.mode },
    ],
    staticSummary: `Trading day ${identity.date} (${identity.mode}, account ${identity.account}, run ${identity.run})`,
    staticDetails:
      'One trading day: login, start, hourly signals, guarded positions, out at 15:15 IST, reconciliation, report. Signals may be sent; never terminate it: that skips the exits.',
  };
}
