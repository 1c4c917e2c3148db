/** Orders, decisions, log, warnings and the plan: rows of text, newest first. */
import { clockTime, hourMinute, plain, price, rupees } from './format.js';
import { byId, make } from './page.js';
import { orderWords } from './words.js';

/** @typedef {import('../api/schemas.ts').StatusBody} Status */

const LOG_ROWS = 200;

/** @param {import('../api/schemas.ts').OrderBody[]} orders */
export function showOrders(orders) {
  byId('no-orders').hidden = orders.length > 0;
  byId('orders').replaceChildren(
    ...orders.toReversed().map((order) => {
      const at = order.trigger_price > 0 ? `trigger ${price(order.trigger_price)}` : `limit ${price(order.price)}`;
      const filled =
        order.filled_quantity > 0 ? ` · filled ${order.filled_quantity} at ${price(order.average_price)}` : '';
      return make(
        'li',
        'row',
        make('span', 'row-time figure', clockTime(order.placed_at)),
        make(
          'div',
          'row-text',
          make(
            'p',
            '',
            `${order.transaction_type} ${order.quantity} ${order.tradingsymbol} · ${order.order_type}, ${at}`,
          ),
          make(
            'p',
            'dim',
            `${order.purpose ?? 'not ours'} · ${orderWords(order)}${filled}${order.status_message ? ` · ${order.status_message}` : ''}`,
          ),
          make('p', 'dim figure small', `${order.tag ?? ''}${order.order_id ? ` · ${order.order_id}` : ''}`),
        ),
      );
    }),
  );
}

/** @param {import('../api/schemas.ts').DecisionBody[]} decisions */
export function showDecisions(decisions) {
  byId('no-decisions').hidden = decisions.length > 0;
  byId('decisions').replaceChildren(
    ...decisions
      .toReversed()
      .map((decision) =>
        make(
          'li',
          'row',
          make('span', 'row-time figure', hourMinute(decision.at)),
          make(
            'div',
            'row-text',
            make('p', '', `${decision.signal ? `${decision.signal}: ` : ''}${decision.reason}`),
            make(
              'p',
              'dim',
              `${decision.outcome.replaceAll('_', ' ')}${decision.close === null ? '' : ` · NIFTY closed ${price(decision.close)}`}${decision.source === 'kite' ? " · on Kite's candles" : ''}`,
            ),
          ),
        ),
      ),
  );
}

/** @param {import('../api/schemas.ts').EventBody[]} events newest first @param {boolean} fresh */
export function showLog(events, fresh) {
  const list = byId('log');
  if (fresh) list.replaceChildren();
  list.prepend(
    ...events.map((event) =>
      make(
        'li',
        `row ${event.level}`,
        make('span', 'row-time figure', clockTime(event.at)),
        make('div', 'row-text', make('p', '', `${event.level === 'alert' ? 'ALERT: ' : ''}${event.text}`)),
      ),
    ),
  );
  while (list.children.length > LOG_ROWS) list.lastElementChild?.remove();
  byId('no-log').hidden = list.children.length > 0;
}

/** @param {Status} status */
export function showPages({ pages }) {
  byId('pages').replaceChildren(
    ...pages.map(({ since, text, delivered_at: delivered }) => {
      const told = delivered === null ? 'Page not delivered yet.' : `Paged ${hourMinute(delivered)}.`;
      return make('li', 'notice', make('p', '', `${hourMinute(since)} ${text}`), make('p', '', told));
    }),
  );
}

/**
 * @param {Status} status
 * @param {(id: string) => void} acknowledge
 */
export function showWarnings(status, acknowledge) {
  byId('warnings').replaceChildren(
    ...status.warnings.map((warning) => {
      const item = make('li', 'notice', make('p', '', `${hourMinute(warning.since)} ${warning.message}`));
      if (warning.acknowledged) {
        item.append(make('p', '', 'Acknowledged.'));
      } else if (warning.blocks_entries) {
        const take = make('button', 'button', 'Acknowledge');
        take.addEventListener('click', () => acknowledge(warning.id));
        item.append(take);
      }
      return item;
    }),
  );
}

/** @param {Status} status */
export function showPlan({ plan, limits }) {
  /** @type {[string, string][]} */
  const facts = plan
    ? [
        [
          'Size',
          `${plan.num_lots} lots of ${plan.lot_size}${plan.use_hedging ? `, hedged ${plain(plan.hedge_distance)} away` : ', UNHEDGED'}`,
        ],
        ['Positions', `${limits?.open_positions ?? 0} open of ${plan.max_positions}`],
        ['Loss limit', `${rupees(plan.max_loss_per_trade)} a trade, ${rupees(plan.max_loss_per_day)} a day`],
        ['Lost today', `${rupees(limits?.lost_today ?? 0)}, reserved ${rupees(limits?.reserved ?? 0)}`],
        ['At risk', `${rupees(limits?.capital_at_risk ?? 0)} of ${rupees(plan.max_capital_at_risk)}`],
        ['Signals', plan.signals.length === 8 ? 'S1 to S8' : plan.signals.join(', ')],
      ]
    : [];
  byId('plan').replaceChildren(
    ...facts.map(([name, value]) => make('div', 'fact', make('dt', 'dim', name), make('dd', 'figure', value))),
  );
}
