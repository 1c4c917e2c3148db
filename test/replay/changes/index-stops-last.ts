/** A change of the workflows: at an hourly close the signals are asked for before the index stops. */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) =>
        input.activityType === 'readHourClose' ? Promise.resolve().then(() => next(input)) : next(input),
    },
  ],
});
