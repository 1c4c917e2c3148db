/** A change of the workflows: at an hourly close the signals are asked for after whatever else happens then. */
import { condition, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** Each round lets all others go on that wait for something. */
const ROUNDS = 3;

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      async scheduleActivity(input, next) {
        if (input.activityType === 'evaluateHour') for (let round = 0; round < ROUNDS; round += 1) await othersFirst();
        return next(input);
      },
    },
  ],
});

async function othersFirst(): Promise<void> {
  let passed = false;
  void Promise.resolve().then(() => {
    passed = true;
  });
  await condition(() => passed);
}
