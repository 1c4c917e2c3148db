/** What people ask of the day, and what they are answered. */
import type { DayView } from '../contract/views.ts';
import { isFinal } from '../exchange-simulator/core/types.ts';
import type { Actor } from './actor.ts';
import { nearestOption, ours } from './at-the-broker.ts';
import type { Command } from './case.ts';
import { signalOf } from './markets.ts';
import type { Execution } from './temporal/execution.ts';
import { virtualNow } from './virtual-time.ts';

const EXPIRES_MS = 8_000;

export function ask(actor: Actor, command: Command): void {
  const { execution, world } = actor;
  if (execution?.state !== 'running') return;
  actor.note(`command ${JSON.stringify(command)}`);
  world.used(command.command === 'cancel_workflow' ? 'workflow.cancelled' : `command.${command.command}`);
  const by = 'a person';
  if (command.command !== 'close_position' && command.command !== 'start') actor.commanded(command, null);
  switch (command.command) {
    case 'login':
      actor.logIn();
      return;
    case 'start':
      actor.start();
      return;
    case 'stop':
    case 'stop_and_close':
      execution.signal('stopTrading', [{ closePositions: command.command === 'stop_and_close', by }]);
      return;
    case 'close_all':
      execution.signal('closeAll', [{ by }]);
      return;
    case 'acknowledge':
      execution.signal('acknowledge', [{ ids: 'all', by }]);
      return;
    case 'cancel_workflow':
      execution.cancel();
      return;
    case 'close_position':
      answered(
        actor,
        openIds(execution).then((ids) => {
          const id = ids[command.which % Math.max(1, ids.length)];
          return id === undefined
            ? 'nothing is open'
            : execution.update('closePosition', [{ id, expiresAt: virtualNow() + EXPIRES_MS, by }]).then(() => {
                actor.commanded(command, id);
                return `${id} is being closed`;
              });
        }),
      );
      return;
    case 'place_order':
      placeOrder(actor, execution, command);
      return;
    case 'cancel_orders':
      for (const { orderId, status } of ours(world))
        if (!isFinal(status))
          answered(actor, execution.update('cancelOrder', [{ orderId, expiresAt: virtualNow() + EXPIRES_MS, by }]));
  }
}

async function openIds(execution: Execution): Promise<string[]> {
  const { positions } = (await execution.query('day')) as DayView;
  return positions.filter(({ state }) => state !== 'closed').map(({ id }) => id);
}

/** A spread of a person's own: two legs beside those of signals. */
function placeOrder(
  actor: Actor,
  execution: Execution,
  { order, key }: Extract<Command, { command: 'place_order' }>,
): void {
  const { leg, lots, ...own } = order;
  const expiry = nearestOption(actor.world);
  if (!expiry) return;
  const { strike, type } = signalOf(actor.of).sells;
  const away = (leg === 'far' ? 300 : 100) * (type === 'CE' ? 1 : -1);
  const symbol = expiry.tradingsymbol.replace(/\d{5}(CE|PE)$/, `${strike + away}${type}`);
  const whole = {
    symbol,
    side: 'BUY',
    orderType: 'MARKET',
    price: null,
    triggerPrice: null,
    product: null,
    quantity: lots * expiry.lotSize,
    ...own,
  };
  const command = {
    order: whole,
    key: key ?? null,
    checkOnly: false,
    plan: actor.plan,
    expiresAt: virtualNow() + EXPIRES_MS,
    by: 'a person',
  };
  answered(actor, execution.update('placeOrder', [command]));
}

/** A refusal is an answer: a person reads it. */
function answered(actor: Actor, answer: Promise<unknown>): void {
  answer.then(
    (value) => actor.note(`answered ${typeof value === 'string' ? value : 'yes'}`),
    (error: unknown) => actor.note(`refused: ${error instanceof Error ? error.message : String(error)}`),
  );
}
