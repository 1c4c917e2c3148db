/** A short in our contract that neither the ledger nor a known holding explains: our own sale may not be what leaves it naked. */
import { condition } from '@temporalio/workflow';
import { foreignOf, knowForeign } from './foreign.ts';
import type { Position } from './position.ts';
import { world } from './proxies.ts';
import { signalPositions } from './signal-positions.ts';

/** Asks whose it is; another quantity is another question. Its answer makes it a holding of theirs, and nothing is kept for it. */
export async function askAboutKept(position: Position): Promise<void> {
  const { day, outside, plan } = position;
  const { product, main, hedge } = plan;
  const { tradingsymbol } = main;
  const prefix = `added:${product}:${tradingsymbol}:`;
  const quantity = Math.min(0, foreignOf(day, product, tradingsymbol)) - outside.added;
  const question = `${prefix}${quantity}`;
  const open = day.warnings.filter(({ id }) => id.startsWith(prefix) && !day.acknowledged.has(id));
  for (const { id } of open) if (outside.added === 0 || id !== question) day.clearWarning(id);
  if (outside.added === 0 || hedge === null || open.some(({ id }) => id === question)) return;
  const text = `Zerodha shows ${outside.added} ${tradingsymbol} (${product}) more short than were sold here. As many of the hedge of ${position.id} are kept to cover them. Acknowledge it if they are yours: the hedge is then sold with its position.`;
  day.warn(question, 'foreign_position', text, true);
  day.beside(takeAsTheirs(position, question, quantity));
  await world.notifyOwner.executeWithOptions({ summary: text }, [{ level: 'alert', text }]);
}

async function takeAsTheirs({ day, plan }: Position, question: string, quantity: number): Promise<void> {
  const { product, main } = plan;
  const isOver = () => day.over || !day.warnings.some(({ id }) => id === question);
  await condition(() => isOver() || day.acknowledged.has(question));
  if (isOver()) return;
  knowForeign(day, { product, tradingsymbol: main.tradingsymbol, quantity });
  for (const other of signalPositions(day)) {
    const kept = other.outside.added > 0 && other.plan.product === product;
    if (!kept || other.plan.main.tradingsymbol !== main.tradingsymbol) continue;
    other.outside.added = 0;
    day.beside(sellKept(other));
  }
}

async function sellKept(position: Position): Promise<void> {
  const { day } = position;
  await condition(() => day.over || !position.isLeaving());
  if (!day.over && position.isOpen()) await position.undoLate();
}
