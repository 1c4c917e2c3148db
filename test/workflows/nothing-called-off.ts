/**
 * For days on the time-skipping server: what the workflow calls off stays on the server, and ends for nobody. That server refuses a workflow
 * task that calls off a timer or an activity which ends in the same instant, keeps half of what the task asked for, and never hands it out
 * again, or a history that does not replay (sdk-java issues 2606 and 3088); a server of production does neither.
 */
import { ActivityCancellationType, CancellationScope, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      startTimer: (input, next) => {
        const { cancelRequested } = CancellationScope.current();
        return new Promise((resolve, reject) => {
          void CancellationScope.nonCancellable(() => next(input)).then(resolve, reject);
          void cancelRequested.catch(reject);
        });
      },
      scheduleActivity: (input, next) =>
        next({ ...input, options: { ...input.options, cancellationType: ActivityCancellationType.ABANDON } }),
    },
  ],
});
