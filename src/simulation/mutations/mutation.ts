import type { Case } from '../case.ts';
import type { InvariantNumber } from '../invariants/findings.ts';

export type Mutation = {
  /** As a folder can be named. */
  name: string;
  /** What is wrong with it. */
  why: string;
  /** Of `workflows`, `activities`, or `src` but for the simulation. */
  file: string;
  /** Stands exactly once in the file. */
  find: string;
  replace: string;
  /** The invariant that has to see it. What another one finds is not counted: a changed day takes another course, and may fail by chance. */
  by: InvariantNumber;
  /** Where it shows: drawn days of these kinds of fault, or days of its own. Absent are drawn days of all kinds. */
  days?: { kinds: readonly string[] } | { cases: readonly Case[] };
};
