/** A workflow that uses everything of Temporal that a day uses, and says when what happened to it. */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  patched,
  proxyActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { ToyActivities } from './toy.ts';

const tried = proxyActivities<ToyActivities>({
  startToCloseTimeout: '5s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2 },
});
const watching = proxyActivities<ToyActivities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '5s',
  cancellationType: 'TRY_CANCEL',
});

/** When the toy's world begins. */
const BEGIN = Date.UTC(2025, 6, 14);

export const goSignal = defineSignal<[string]>('go');
export const addUpdate = defineUpdate<number, [number]>('add');
export const saidQuery = defineQuery<string[]>('said');

export async function toy(before: string[] = []): Promise<string[]> {
  const said = [...before];
  const say = (what: string) => said.push(`${Date.now() - BEGIN} ${what}`);
  let word = '';
  let sum = 0;
  setHandler(goSignal, (heard) => {
    word = heard;
  });
  setHandler(saidQuery, () => said);
  setHandler(
    addUpdate,
    async (more) => {
      await sleep('50ms');
      sum += more;
      return sum;
    },
    {
      validator: (more) => {
        if (more < 0) throw new Error('never less');
      },
    },
  );
  if (before.length > 0) {
    say('the run after it');
    return said;
  }
  say(patched('new way') ? 'patched' : 'as before');
  say(`flaky ${await tried.flaky()}`);
  say(`nobody ${await condition(() => word !== '', '1s')}`);
  say(`heard ${await condition(() => word !== '', '10s')} ${word}`);
  say(`steady ${await watching.steady()}`);
  const scope = new CancellationScope();
  const watch = scope
    .run(() => watching.forEver())
    .catch((error) => {
      if (!isCancellation(error)) throw error;
      say('cancelled');
    });
  await sleep('3s');
  scope.cancel();
  await watch;
  await condition(() => sum >= 5);
  await condition(allHandlersFinished);
  say(`sum ${sum}`);
  return continueAsNew<typeof toy>(said);
}
