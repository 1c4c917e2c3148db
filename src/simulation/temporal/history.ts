/** What a server would keep of an execution: how many events, how large, and the activations for a worker that has to replay. */
import { type Activation, type Command, type Instance, type Job, WorkflowActivation } from './workflow-vm.ts';

/** Written out only when a worker has to replay: most never do. */
type Kept = { activation: Activation; jobs: readonly Job[]; commands: readonly Command[] };

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
    for (const { updateResponse } of commands) {
      const id = updateResponse?.protocolInstanceId ?? '';
      if (updateResponse?.accepted) this.accepted.add(id);
      if (updateResponse?.rejected && !this.accepted.has(id)) refused.add(id);
    }
    const kept = jobs.filter(({ doUpdate }) => !doUpdate || !refused.has(doUpdate.id ?? ''));
    if (kept.length === 0) return;
    this.kept.push({
      activation,
      jobs: kept,
      commands: commands.filter(({ updateResponse }) => !refused.has(updateResponse?.protocolInstanceId ?? '')),
    });
  }

  /** Shows everything to a fresh VM. Answers the first difference in what it asks for, null when there is none. */
  async replay(instance: Instance): Promise<string | null> {
    for (const { activation, jobs, commands } of this.kept) {
      const answer = await instance.activate(asReplayed(activation, jobs, commands));
      const before = textOf(commands);
      const now = 'failed' in answer ? `failed: ${answer.failed}` : textOf(answer.commands);
      if (now !== before) return `asked before for ${before.slice(0, 500)}, now for ${now.slice(0, 500)}`;
    }
    return null;
  }
}

/** As a worker is shown it again: a copy, without validators, and with the patches that it marked then. */
function asReplayed(activation: Activation, jobs: readonly Job[], commands: readonly Command[]): Activation {
  const patches = commands.flatMap(({ setPatchMarker }): Job[] =>
    setPatchMarker ? [{ notifyHasPatch: { patchId: setPatchMarker.patchId ?? '' } }] : [],
  );
  const seen = jobs.map((job) => (job.doUpdate ? { doUpdate: { ...job.doUpdate, runValidator: false } } : job));
  const again = WorkflowActivation.fromObject({ ...activation, isReplaying: true, jobs: [...patches, ...seen] });
  return WorkflowActivation.decode(WorkflowActivation.encode(again).finish());
}

/** Summaries and details are no part of what a replay must repeat. */
function textOf(commands: readonly Command[]): string {
  return JSON.stringify(commands, (key, value: unknown) => (key === 'userMetadata' ? undefined : value));
}
