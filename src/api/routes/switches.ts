/** What a person takes out of the day's hands: hands off, and the end of an order in doubt. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { handsOffSignal, settleOrderSignal } from '../../contract/commands.ts';
import { isOnlyTaken } from '../../domain/control/intervals.ts';
import { commandHeader, handsOffBody, settleOrderBody } from '../command-schemas.ts';
import { type ApiContext, askedBy } from '../context.ts';
import type { ApiEnv } from '../gate.ts';
import { refuse } from '../refusals.ts';
import { commandId, kept, SENT, statusAfter, statusAnswers } from '../sent-commands.ts';
import { jsonBody, refusals, TRADING } from './answers.ts';

const handsOff = createRoute({
  method: 'post',
  path: '/live/hands-off',
  tags: [TRADING],
  summary: 'Send no order at all, or send orders again',
  description:
    "While it is on the day sends, changes and cancels nothing: stops rest at Zerodha, exits wait, and the owner is paged each minute while something is open. To switch it on, `confirm` repeats the account's name.",
  request: { headers: commandHeader, body: jsonBody(handsOffBody, true) },
  responses: { ...statusAnswers, ...refusals(...SENT) },
});

const settleOrder = createRoute({
  method: 'post',
  path: '/live/settle-order',
  tags: [TRADING],
  summary: 'Say what became of an order in doubt',
  description:
    "After a look at Kite's order book, for an order without a clear answer and for one that Zerodha has taken and does not show. `found: false` ends the doubt: the order was not placed. With `found: true` it stays in doubt until Zerodha's lists show it.",
  request: { headers: commandHeader, body: jsonBody(settleOrderBody, true) },
  responses: { ...statusAnswers, ...refusals(...SENT, 'unknown_order', 'not_in_doubt') },
});

export function switchRoutes(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  const { day, deps } = context;

  app.openapi(handsOff, async (c) => {
    const { on, confirm = '' } = c.req.valid('json');
    const { account } = await deps.identity();
    if (on && confirm !== account) {
      const words = `Repeat the account's name, ${account}, in "confirm": hands off stops every order, exits too. Nothing was changed.`;
      throw refuse('invalid_value', words, { problems: [{ field: 'confirm', problem: `must be ${account}` }] });
    }
    const id = commandId('hands_off', c.req.valid('header')['idempotency-key']);
    await day.send(handsOffSignal, { on, confirm, by: askedBy(c), id });
    const status = await statusAfter(context, id);
    return status ? c.json(status, 200) : c.json(kept(id), 202);
  });

  app.openapi(settleOrder, async (c) => {
    const { tag, found } = c.req.valid('json');
    const id = commandId('settle', c.req.valid('header')['idempotency-key']);
    const view = await day.view();
    const isRepeated = view?.answers.some((answer) => answer.id === id) === true;
    const order = view?.orders.find((known) => known.tag === tag);
    if (view && !order) throw refuse('unknown_order', `No order ${tag} of this day: /live/orders lists them.`);
    if (order && order.phase !== 'doubt' && !isOnlyTaken(order) && !isRepeated) {
      throw refuse('not_in_doubt', `${tag} is not in doubt: it is ${order.status.toLowerCase()}.`);
    }
    await day.send(settleOrderSignal, { tag, found, by: askedBy(c), id });
    const status = await statusAfter(context, id);
    return status ? c.json(status, 200) : c.json(kept(id), 202);
  });
}
