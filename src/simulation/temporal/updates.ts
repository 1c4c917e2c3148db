/** The updates that clients of an execution wait for. */
import type { ExecutionContext } from './execution-context.ts';
import { errorOf, fromPayload, type Payload } from './payloads.ts';
import type { WorkflowTasks } from './workflow-tasks.ts';
import type { Command } from './workflow-vm.ts';

type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

export class Updates {
  private readonly waiting = new Map<string, Waiting>();
  private asked = 0;
  private readonly context: ExecutionContext;
  private readonly tasks: WorkflowTasks;

  constructor(context: ExecutionContext, tasks: WorkflowTasks) {
    this.context = context;
    this.tasks = tasks;
  }

  ask(name: string, input: Payload[], client: Waiting): void {
    this.asked += 1;
    const id = `update-${this.asked}`;
    this.waiting.set(id, client);
    this.tasks.add({
      doUpdate: {
        id,
        protocolInstanceId: id,
        name,
        input,
        headers: {},
        meta: { identity: 'simulation', updateId: id },
        runValidator: true,
      },
    });
  }

  answer({ protocolInstanceId, accepted, rejected, completed }: NonNullable<Command['updateResponse']>): void {
    const { world, history } = this.context;
    const id = protocolInstanceId ?? '';
    const client = this.waiting.get(id);
    if (accepted || completed) history.add(1);
    if (completed) {
      world.onPayload(completed, 'result of an update');
      client?.resolve(fromPayload(completed));
    } else if (rejected) client?.reject(errorOf(rejected));
    if (completed || rejected) this.waiting.delete(id);
  }

  /** The execution has ended. */
  rejectAll(): void {
    for (const client of this.waiting.values()) client.reject(new Error('the workflow ended before its update'));
    this.waiting.clear();
  }
}
