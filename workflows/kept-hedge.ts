/** A short in our contract that neither the ledger nor a known holding explains: our own sale may not be what leaves it naked. */
import { condition } from '@temporalio/workflow';
import type { Held } from './outside.ts';
import type { Position } from './position.ts';
import { world } from './proxies.ts';
import { addedTo } from './shares.ts';

/** Units of the hedge to keep for it: none once somebody has acknowledged that many. */
export function toKeep(position: Held): number {
  const added = addedTo(position);
  return position.day.acknowledged.has(questionOf(position, added)) ? 0 : added;
}

/** Asks about what is kept; another quantity is another question. */
export async function askAboutKept(position: Position): Promise<void> {
  const { day, outside, plan } = position;
  const question = questionOf(position, outside.added);
  const open = day.warnings.filter(({ id }) => id.startsWith(`added:${position.id}:`) && !day.acknowledged.has(id));
  for (const { id } of open) if (id !== question) day.clearWarning(id);
  if (outside.added === 0 || plan.hedge === null || open.some(({ id }) => id === question)) return;
  const text = `${position.id}: Zerodha shows ${outside.added} ${plan.main.tradingsymbol} more short than were sold here. As many of the hedge are kept to cover them. Acknowledge it if they are yours: that part of the hedge is then sold.`;
  day.warn(question, 'foreign_position', text, true);
  day.beside(sellKept(position, question));
  await world.notifyOwner.executeWithOptions({ summary: text }, [{ level: 'alert', text }]);
}

function questionOf({ id }: Held, added: number): string {
  return `added:${id}:${added}`;
}

async function sellKept(position: Position, question: string): Promise<void> {
  const { day } = position;
  const isOver = () => day.over || position.state === 'closed' || !day.warnings.some(({ id }) => id === question);
  await condition(() => isOver() || (day.acknowledged.has(question) && !position.isLeaving()));
  if (isOver()) return;
  position.outside.added = 0;
  await position.undoLate();
}
