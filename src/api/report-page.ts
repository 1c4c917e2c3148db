/** The end-of-day report as a page: what came of the day, and why. */
import { html } from 'hono/html';
import { type Html, readingPage } from './pages.ts';
import type { ReportBody } from './report-schema.ts';

const figures = new Intl.NumberFormat('en-IN', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const RESULTS: Record<ReportBody['result'], string> = {
  flat: 'Flat: nothing is open.',
  carried: 'Positions are carried to the next day.',
  not_flat: 'NOT FLAT. Look at Kite now and close what is open.',
  holiday: 'The market did not trade.',
};
const CHARGES: [keyof ReportBody['charges'], string][] = [
  ['brokerage', 'Brokerage'],
  ['stt', 'Securities transaction tax'],
  ['transaction', 'Exchange transaction charges'],
  ['sebi', 'SEBI turnover fee'],
  ['stamp', 'Stamp duty'],
  ['gst', 'GST'],
];

export function reportPage(report: ReportBody): Html {
  return readingPage(
    `Report of ${report.date}`,
    html`<p>${report.mode}, account ${report.account}${report.mode === 'replay' ? `, run ${report.run}` : ''}. ${report.price_note}</p>
<p${report.result === 'not_flat' ? html` class="notice"` : ''}><strong>${RESULTS[report.result]}</strong> ${reconciledWords(report)}</p>
${report.warnings.map((warning) => html`<p class="notice">${time(warning.since)} ${warning.message}</p>`)}
${report.differences.map((difference) => html`<p class="notice">Difference to the broker: ${difference}</p>`)}
${moneySection(report)}
${tradesSection(report)}
${positionsSection(report)}
${decisionsSection(report)}
${executionSection(report)}`,
  );
}

function reconciledWords({ reconciled }: ReportBody): string {
  if (reconciled === null) return 'Zerodha could not be asked whether it agrees.';
  return reconciled ? "Ledger and Zerodha's book agree." : "Ledger and Zerodha's book differ.";
}

function moneySection({ pnl, charges }: ReportBody): Html {
  return html`<h2>Profit and loss</h2>
<table>
<tbody>
<tr><th scope="row">Gross</th><td class="figure">${signed(pnl.gross)}</td></tr>
${CHARGES.map(([name, words]) => html`<tr class="part"><th scope="row">${words}</th><td class="figure">${rupees(charges[name])}</td></tr>`)}
<tr><th scope="row">Charges</th><td class="figure">${signed(-charges.total)}</td></tr>
</tbody>
<tfoot><tr><th scope="row">Net</th><td class="figure">${signed(pnl.net)}</td></tr></tfoot>
</table>`;
}

function tradesSection({ trades }: ReportBody): Html {
  if (trades.length === 0) return html`<h2>Trades</h2><p class="dim">None.</p>`;
  return html`<h2>Trades</h2>
${table(
  ['Time', 'Contract', 'Side', 'Quantity', 'Price', 'Order', 'Tag'],
  trades.map((trade) => [
    time(trade.at),
    trade.tradingsymbol,
    trade.transaction_type,
    number(trade.quantity),
    number(figures.format(trade.price)),
    trade.order_id,
    trade.tag,
  ]),
)}`;
}

function positionsSection({ positions }: ReportBody): Html | string {
  if (positions.length === 0) return '';
  return html`<h2>Positions</h2>
${table(
  ['Position', 'Signal', 'Opened', 'Closed', 'Left by', 'Legs', 'Result'],
  positions.map((position) => [
    position.id,
    position.signal,
    time(position.opened_at),
    position.closed_at === null ? position.state.replaceAll('_', ' ') : time(position.closed_at),
    position.exit_reason?.replaceAll('_', ' ') ?? '–',
    html`${position.legs.map(
      (leg) =>
        html`<div>${leg.side} ${leg.quantity} ${leg.tradingsymbol}, in ${price(leg.entry_price)}, out ${price(leg.exit_price)}</div>`,
    )}${position.problem === null ? '' : html`<div class="notice">${position.problem}</div>`}`,
    number(position.pnl === null ? 'not known' : signed(position.pnl)),
  ]),
)}`;
}

function decisionsSection({ decisions }: ReportBody): Html {
  if (decisions.length === 0) return html`<h2>Hourly decisions</h2><p class="dim">None.</p>`;
  return html`<h2>Hourly decisions</h2>
${table(
  ['Time', 'NIFTY closed', 'Candles', 'Outcome', 'Why'],
  decisions.map((decision) => [
    time(decision.at),
    number(price(decision.close)),
    decision.source,
    `${decision.signal ? `${decision.signal}: ` : ''}${decision.outcome.replaceAll('_', ' ')}`,
    decision.reason,
  ]),
)}`;
}

/** How well it was carried out: what the fills cost against what was quoted, and how late things happened. */
function executionSection({ slippage, lateness }: ReportBody): Html {
  const slipped = table(
    ['Order', 'Quoted', 'Got', 'Quantity'],
    slippage.map((one) => [
      one.tag,
      number(figures.format(one.expected)),
      number(figures.format(one.got)),
      number(one.quantity),
    ]),
  );
  const late = table(
    ['What', 'Late by'],
    lateness.map(({ what, ms }) => [what, number(`${(ms / 1000).toFixed(1)} s`)]),
  );
  return html`<h2>Slippage</h2>${slippage.length > 0 ? slipped : html`<p class="dim">No order was filled at a touch.</p>`}
<h2>Lateness</h2>${lateness.length > 0 ? late : html`<p class="dim">Nothing was timed.</p>`}`;
}

type Cell = string | Html | { number: string };

function number(value: string | number): Cell {
  return { number: `${value}` };
}

function table(heads: string[], rows: Cell[][]): Html {
  return html`<div class="wide"><table>
<thead><tr>${heads.map((head, column) => html`<th scope="col"${isNumber(rows[0]?.[column]) ? html` class="figure"` : ''}>${head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
</table></div>`;
}

function isNumber(content: Cell | undefined): content is { number: string } {
  return typeof content === 'object' && 'number' in content;
}

function cell(content: Cell): Html {
  if (isNumber(content)) return html`<td class="figure">${content.number}</td>`;
  return html`<td>${content}</td>`;
}

function time(iso: string): string {
  return iso.slice(11, 19);
}

function price(amount: number | null): string {
  return amount === null ? '–' : figures.format(amount);
}

function rupees(amount: number): string {
  return `₹${figures.format(amount)}`;
}

function signed(amount: number): string {
  const sign = amount > 0 ? '+' : amount < 0 ? '-' : '';
  return `${sign}${rupees(Math.abs(amount))}`;
}
