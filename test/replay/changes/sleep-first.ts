/** A change of the workflows: they sleep a moment before the day is opened. */
import { sleep, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) =>
        input.activityType === 'loadDayContext' ? sleep(1).then(() => next(input)) : next(input),
    },
  ],
});
