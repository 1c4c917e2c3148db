/** Invariant 2: what a person has ordered is ordered once, however often the command arrives. */
import type { Command } from '../case.ts';
import type { Play } from '../play.ts';
import type { Findings } from './findings.ts';
import { contractKey, tagOf } from './legs.ts';

export function watchCommands(play: Play, findings: Findings): void {
  /** Units that were asked for, each key once. */
  const keys = new Set<string>();
  let asked = 0;
  let ordered = 0;
  const seen = new Set<string>();
  play.onCommand((command: Command) => {
    if (command.command !== 'place_order') return;
    if (command.key !== undefined && keys.has(command.key)) return;
    if (command.key !== undefined) keys.add(command.key);
    asked += command.order.lots * play.plan.lotSize;
  });
  play.world.exchange.onOrder((order) => {
    const tag = order.source === undefined ? tagOf(order.tag) : null;
    if (!tag?.manual || tag.purpose !== 'entry' || seen.has(order.orderId)) return;
    seen.add(order.orderId);
    ordered += order.quantity;
    if (ordered > asked)
      findings.add(2, 'a command carried out twice', `${order.tag}: ${ordered} of ${asked}, ${contractKey(order)}`);
  });
}
