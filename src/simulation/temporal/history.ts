/** What a server would keep of an execution: how many events, how large, and the activations for a worker that has to replay. */
import { type Activation, type Command, type Instance, type Job, WorkflowActivation } from './workflow-vm.ts';

/** Written out only when a worker has to replay: most never do. */
type Kept = { activation: Activation; commands: readonly Command[] };

export class History {
  /** Of all runs. */
  events = 0;
  bytes = 0;
  private beforeRun = { events: 0, bytes: 0 };
  private kept: Kept[] = [];
  private readonly accepted = new Set<string>();

  beginRun(): void {
    this.beforeRun = { events: this.events, bytes: this.bytes };
    this.kept = [];
  }

  add(events: number, bytes = 0): void {
    this.events += events;
    this.bytes += bytes;
  }

  addBytes(bytes: number): void {
    this.bytes += bytes;
  }

  /** Of the run that goes on. */
  ofRun(): { events: number; bytes: number } {
    return { events: this.events - this.beforeRun.events, bytes: this.bytes - this.beforeRun.bytes };
  }

  isEmpty(): boolean {
    return this.kept.length === 0;
  }

  /** What a validator has refused leaves nothing: neither the update nor its answer is replayed. */
  keep(activation: Activation, jobs: Job[], commands: readonly Command[]): void {
    const refused = new Set<string>();
    const patches: Job[] = [];
    for (const { updateResponse, setPatchMarker } of commands) {
      const id = updateResponse?.protocolInstanceId ?? '';
      if (updateResponse?.accepted) this.accepted.add(id);
      if (updateResponse?.rejected && !this.accepted.has(id)) refused.add(id);
      if (setPatchMarker) patches.push({ notifyHasPatch: { patchId: setPatchMarker.patchId ?? '' } });
    }
    const kept = jobs.filter(({ doUpdate }) => !doUpdate || !refused.has(doUpdate.id ?? ''));
    if (kept.length === 0) return;
    const seen = kept.map((job) => (job.doUpdate ? { doUpdate: { ...job.doUpdate, runValidator: false } } : job));
    this.kept.push({
      activation: WorkflowActivation.fromObject({ ...activation, isReplaying: true, jobs: [...patches, ...seen] }),
      commands: commands.filter(({ updateResponse }) => !refused.has(updateResponse?.protocolInstanceId ?? '')),
    });
  }

  /** Shows everything to a fresh VM. Answers the first difference in what it asks for, null when there is none. */
  async replay(instance: Instance): Promise<string | null> {
    for (const { activation, commands } of this.kept) {
      // A copy: what a VM was shown once is not shown to another one.
      const bytes = WorkflowActivation.encode(activation).finish();
      const answer = await instance.activate(WorkflowActivation.decode(bytes));
      const before = textOf(commands);
      const now = 'failed' in answer ? `failed: ${answer.failed}` : textOf(answer.commands);
      if (now !== before) return `asked before for ${before.slice(0, 500)}, now for ${now.slice(0, 500)}`;
    }
    return null;
  }
}

/** Summaries and details are no part of what a replay must repeat. */
function textOf(commands: readonly Command[]): string {
  return JSON.stringify(commands, (key, value: unknown) => (key === 'userMetadata' ? undefined : value));
}
