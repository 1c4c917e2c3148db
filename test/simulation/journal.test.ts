import { describe } from 'vitest';
import { createMemoryJournal } from '../../src/simulation/world/journal.ts';
import { specifyJournal } from '../journal/journal-contract.ts';

describe("the simulation's journal in memory", () => {
  const journal = createMemoryJournal();
  specifyJournal(() => journal);
});
