/** Plays one case and judges it: everything that is told of it afterwards, as plain data. */
import { createDayActivities } from '../../activities/index.ts';
import { workflowBundle } from '../temporal/bundle.ts';
import type { Case } from './case.ts';
import type { Finding } from './invariants/findings.ts';
import { Judge } from './invariants/judge.ts';
import { Play } from './play.ts';
import { loadWorkflowCode, type WorkflowCode } from './temporal/workflow-vm.ts';
import { enterVirtualTime } from './world/world.ts';

export type Outcome = {
  orders: number;
  duplicates: number;
  nakedSeconds: number;
  lateOrders: number;
  lateNakedSeconds: number;
  lateExits: readonly number[];
  results: readonly string[];
  /** `not_flat` days with the words of their warnings. */
  notFlat: readonly string[];
  pages: number;
  /** Kinds of fault that met something while a position or an order was open. */
  met: readonly string[];
  /** All that met anything. */
  used: readonly string[];
  findings: readonly Finding[];
  digest: string;
};

export type Runner = {
  run(of: Case): Promise<Outcome>;
  /** The same, with everything that happened, line by line. */
  explain(of: Case): Promise<{ outcome: Outcome; told: string[] }>;
  /** Puts the real clock back. */
  close(): void;
};

/** One process plays one case after the other: virtual time is the process's. */
export async function openRunner(): Promise<Runner> {
  const { codePath } = await workflowBundle();
  const code = loadWorkflowCode(codePath, Object.keys(createDayActivities({} as never)));
  const leave = enterVirtualTime();
  return {
    run: async (of) => (await play(of, code)).outcome,
    async explain(of) {
      const { outcome, played } = await play(of, code);
      return { outcome, told: played.told() };
    },
    close: leave,
  };
}

async function play(of: Case, code: WorkflowCode): Promise<{ outcome: Outcome; played: Play }> {
  const played = await Play.open(of, code);
  const judge = new Judge();
  await played.run(judge);
  const { book } = judge;
  const { world } = played;
  const notFlat = played.days.flatMap(({ report }) =>
    report?.result === 'not_flat' ? [report.warnings.map(({ code: of }) => of).join(' ')] : [],
  );
  const kinds = [...world.uses];
  const outcome: Outcome = {
    orders: book.orders,
    duplicates: book.duplicates,
    nakedSeconds: book.nakedMs / 1_000,
    lateOrders: book.lateOrders,
    lateNakedSeconds: book.lateNakedMs / 1_000,
    lateExits: judge.lateExits,
    results: played.days.map(({ report, brokenOff }) => (brokenOff ? 'broken off' : (report?.result ?? 'no report'))),
    notFlat,
    pages: world.pages.length,
    met: kinds.filter(([, { atStake }]) => atStake > 0).map(([kind]) => kind),
    used: kinds.map(([kind]) => kind),
    findings: judge.findings.all,
    digest: played.digest(),
  };
  return { outcome, played };
}
