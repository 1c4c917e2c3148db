/** The VM of an execution in a worker's cache: kept between workflow tasks, made anew by a replay of the whole history. */
import proto from '@temporalio/proto';
import { hold, release } from '../virtual-time.ts';
import { activationNow, type ExecutionContext, type WorkflowWorker } from './execution-context.ts';
import { fromPayload } from './payloads.ts';
import type { Instance } from './workflow-vm.ts';

const { WorkflowActivationJob } = proto.coresdk.workflow_activation;

export class WorkflowCache {
  replays = 0;
  private cached: { instance: Instance; worker: WorkflowWorker } | null = null;
  private readonly context: ExecutionContext;

  constructor(context: ExecutionContext) {
    this.context = context;
  }

  /** In whose cache the execution is, alive or not. */
  get worker(): WorkflowWorker | undefined {
    return this.cached?.worker;
  }

  /** The VM that has seen everything: kept, or a fresh one that is shown the whole history and must ask for the same again. */
  async instance(worker: WorkflowWorker | null = this.context.world.workflowWorker()): Promise<Instance | null> {
    if (this.cached?.worker.process.running) return this.cached.instance;
    if (!worker) return null;
    await this.forget();
    const { world, history, run } = this.context;
    const instance = await worker.code.create(run);
    this.cached = { instance, worker };
    if (history.isEmpty()) return instance;
    this.replays += 1;
    const difference = await history.replay(instance);
    if (difference === null) return instance;
    world.onTaskFailure(`not deterministic: ${difference}`);
    return null;
  }

  async forget(): Promise<void> {
    const { cached } = this;
    this.cached = null;
    await cached?.instance.dispose();
  }

  /** Outside any workflow task, and no part of the history. */
  async query(queryType: string): Promise<unknown> {
    hold();
    try {
      const instance = await this.instance();
      if (!instance) throw new Error('no worker answers the query');
      // The VM hands queries on as they come, and asks the message itself of which kind it is.
      const job = WorkflowActivationJob.create({ queryWorkflow: { queryId: 'query', queryType, arguments: [] } });
      const answer = await instance.activate(activationNow(this.context, [job]));
      const response = 'commands' in answer ? answer.commands[0]?.respondToQuery : undefined;
      if (!response?.succeeded) throw new Error(response?.failed?.message ?? 'the query failed');
      return fromPayload(response.succeeded.response);
    } finally {
      release();
    }
  }
}
