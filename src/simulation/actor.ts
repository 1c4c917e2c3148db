import type { Plan } from '../contract/commands.ts';
import type { Case, Command } from './case.ts';
import type { Execution } from './temporal/execution.ts';
import type { World } from './world/world.ts';

/** Who carries deeds out. */
export interface Actor {
  readonly of: Pick<Case, 'market'>;
  readonly world: World;
  readonly execution: Execution | null;
  /** The limits in force where nobody has started trading. */
  readonly plan: Plan;
  /** When something other than people's commands was first done to the product: a page has a cause from then on. */
  accidentAt: number | null;
  note(text: string): void;
  /** A command has reached the day. */
  commanded(command: Command, position: string | null): void;
  logIn(): void;
  start(): void;
  /** The day's workflow is terminated, and opened again so much later. */
  loseRun(forMs: number): void;
  /** A process is started so much later. */
  boot(downMs: number): void;
}
