/** The Schedule that opens each trading day of paper and live mode: DESIGN section 4, last paragraph. */
import { type Client, ScheduleAlreadyRunning, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client';
import { type Account, dayTaskQueue } from '../contract/identity.ts';

/** Types only cross over from the workflow: its code never runs here. */
const OPEN_DAY = 'openDayWorkflow';
/** India's time, whatever the host's zone: Kite lists the day's contracts by then, and half an hour is left for the login. */
const OPENS = { hour: 8, minute: 45 } as const;
/**
 * A server that was down at 08:45 opens the day when it is back; a day that nobody opened by the early afternoon is left alone, and so
 * is yesterday's. A workflow of the Schedule that no worker takes up within it ends, so that it is not in the next morning's way.
 */
const CATCH_UP = '6 hours';

export function scheduleId({ mode, account, run }: Account): string {
  return `open-day:${mode}:${account}:${run}`;
}

/**
 * Creates the account's Schedule, or brings it up to date. One that a person has paused stays paused.
 * Throws what Temporal's client throws when the server cannot be asked.
 */
export async function keepSchedule(client: Client, account: Account): Promise<{ paused: boolean }> {
  const kept: Omit<ScheduleOptions, 'scheduleId'> = {
    spec: { calendars: [{ ...OPENS, comment: 'half an hour before the market opens' }], timezone: 'Asia/Kolkata' },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
    action: {
      type: 'startWorkflow',
      workflowType: OPEN_DAY,
      workflowId: scheduleId(account),
      taskQueue: dayTaskQueue(account),
      args: [account],
      workflowExecutionTimeout: CATCH_UP,
      staticSummary: `Opens the trading day (${account.mode}, account ${account.account})`,
    },
  };
  try {
    await client.schedule.create({ scheduleId: scheduleId(account), ...kept });
    return { paused: false };
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  let paused = false;
  await client.schedule.getHandle(scheduleId(account)).update(({ state }) => {
    paused = state.paused;
    return { ...kept, state };
  });
  return { paused };
}
