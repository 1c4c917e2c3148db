/** One day's processes: exchange, workers and API, each a group that can be killed, stopped and started again. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IsoDate } from '../../domain/types.ts';
import { freePort } from '../../platform/ports.ts';
import { API, exchange, sharedSettings, WORKER } from './commands.ts';
import type { Ports } from './outside.ts';
import type { Kill, Victim } from './plan.ts';
import { type ProcessGroup, signalGroup, startGroup, until } from './process-group.ts';
import { type Servers, signal } from './servers.ts';

/** Monday of the bundled week: S1 fires at 11:15. */
export const DATE: IsoDate = '2025-07-14';
const TEMPORAL_BACK_WITHIN_MS = 30_000;

export class Installation {
  readonly at: Ports;
  readonly said: { what: string; group: ProcessGroup }[] = [];
  private readonly servers: Servers;
  private readonly env: NodeJS.ProcessEnv;
  private readonly exchangeDir: string;
  private readonly running = new Map<Victim, ProcessGroup>();
  private exchangeBegan = false;
  private ended = false;

  private constructor(servers: Servers, at: Ports, folder: string, env: NodeJS.ProcessEnv) {
    this.servers = servers;
    this.at = at;
    this.exchangeDir = join(folder, 'exchange');
    this.env = env;
  }

  /** Nothing runs yet. Each `account` has its own day on the shared servers. */
  static async prepare(options: { servers: Servers; folder: string; account: string }): Promise<Installation> {
    const { servers, folder, account } = options;
    const at = { port: await freePort(), exchangePort: await freePort() };
    await mkdir(folder, { recursive: true });
    const shared = sharedSettings({ ...servers, exchangePort: at.exchangePort });
    return new Installation(servers, at, folder, {
      ...process.env,
      ...{ ACCOUNT: account, DATA_DIR: join(folder, 'nothing-is-kept-here'), LOG_LEVEL: 'info' },
      ...{ PORT: String(at.port), REPLAY_FROM: DATE, REPLAY_TO: DATE },
      // Whatever a person has in .env.
      ...{ TEMPORAL_NAMESPACE: '', TEMPORAL_API_KEY: '', PUBLIC_URL: '', ALLOWED_HOSTS: '', HOST: '', EXIT_POLICY: '' },
      ...shared,
    });
  }

  start(victim: Exclude<Victim, 'temporal'>): void {
    // A restart that was under way when the day ended.
    if (this.ended) return;
    const group = startGroup(this.commandOf(victim), this.env);
    this.said.push({ what: victim, group });
    this.running.set(victim, group);
  }

  private commandOf(victim: Exclude<Victim, 'temporal'>): string[] {
    if (victim === 'api') return API;
    if (victim !== 'exchange') return WORKER;
    const own = { port: this.at.exchangePort, dataDir: this.exchangeDir, redirectTo: this.at.port, leased: true };
    // Started again it goes on from its folder: neither the time nor the speed may begin anew.
    const command = exchange(this.exchangeBegan ? own : { ...own, date: DATE });
    this.exchangeBegan = true;
    return command;
  }

  /** Kills or stops at once, and returns when the victim runs again. */
  async strike({ victim, signal: name, awayMs }: Kill): Promise<void> {
    if (victim === 'temporal') return this.strikeTemporal(name, awayMs);
    const group = this.running.get(victim);
    if (!group) return;
    if (name === 'SIGSTOP') {
      signalGroup(group.child, 'SIGSTOP');
      await sleep(awayMs);
      signalGroup(group.child, 'SIGCONT');
      return;
    }
    await group.kill();
    await sleep(awayMs);
    this.start(victim);
  }

  private async strikeTemporal(name: Kill['signal'], awayMs: number): Promise<void> {
    const pid = this.servers.temporalPid();
    signal(pid, name);
    if (name === 'SIGSTOP') {
      await sleep(awayMs);
      signal(pid, 'SIGCONT');
      return;
    }
    const another = async () => this.ended || this.servers.temporalPid() !== pid;
    await until('a new Temporal server', another, TEMPORAL_BACK_WITHIN_MS);
  }

  /** Processes that have ended although nobody killed them. */
  deserters(): string[] {
    return [...this.running]
      .filter(([, { child }]) => child.exitCode !== null)
      .map(([victim, { child }]) => `${victim} ended by itself with ${child.exitCode}`);
  }

  async end(): Promise<void> {
    this.ended = true;
    await Promise.all(this.said.map(({ group }) => group.kill()));
  }

  endAtOnce(): void {
    this.ended = true;
    for (const { group } of this.said) signalGroup(group.child, 'SIGKILL');
  }
}
