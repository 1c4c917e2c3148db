/** Invariants 3, 5 and 6, order by order: what is opened, where its stop rests, and that the price of an exit never falls. */
import { istAt, istDate, istTime } from '../../domain/clock.ts';
import { priceProtection } from '../../domain/limit-prices.ts';
import type { MarketMs, Paise } from '../../domain/types.ts';
import { FAULT_KINDS } from '../../exchange-simulator/core/faults.ts';
import type { SimOrder } from '../../exchange-simulator/core/types.ts';
import { signalOn } from '../markets.ts';
import type { Play } from '../play.ts';
import { virtualNow } from '../virtual-time.ts';
import type { Findings } from './findings.ts';
import { type Legs, positionOf, tagOf } from './legs.ts';

const TICK = 5;
const LAST_PLACEMENT = '15:23';
const ON_ITS_WAY_MS = 2_000;
/** What the exchange accepts moves a little between a quote and its order. */
const NEARLY = 0.9;
/** What the book shows is heard within this time. */
const HEARD_MS = 1_000;
/** A price is made of ticks and quotes of the last seconds. */
const BENT_MS = 10_000;
/** A stop rests at twice what its units were sold at, at least twenty rupees above (TRADING). */
const stopOf = (entry: Paise): Paise => Math.max(2 * entry, entry + 2_000);

export class Terms {
  private readonly play: Play;
  private readonly findings: Findings;
  private readonly legs: Legs;
  private readonly seen = new Set<string>();
  private readonly exitPrices = new Map<string, { price: Paise; orderId: string; at: MarketMs }>();

  /** When each tag was last sent: an order may be accepted long after it left. */
  private readonly leftAt = new Map<string, MarketMs>();
  /** When it was last asked for, or asked to change. */
  private readonly askedAt = new Map<string, MarketMs>();
  private bentAt = 0;

  constructor(play: Play, findings: Findings, legs: Legs) {
    this.play = play;
    this.findings = findings;
    this.legs = legs;
    play.world.hooks.add((point) => {
      const tag = point.kind === 'call' && point.point === 'leaves' ? point.call.order?.tag : null;
      if (point.kind !== 'call' || !tag) return;
      this.askedAt.set(tag, virtualNow());
      if (point.call.name === 'placeOrder') this.leftAt.set(tag, virtualNow());
    });
    play.world.exchange.onOrder((order) => this.atOrder(order));
  }

  private atOrder(order: SimOrder): void {
    const tag = order.source === undefined ? tagOf(order.tag) : null;
    if (!tag) return;
    const isNew = !this.seen.has(order.orderId);
    this.seen.add(order.orderId);
    if (isNew && !tag.manual) this.judgeProduct(order);
    if (isNew) this.judgeTime(order);
    if (isNew && !tag.manual && tag.purpose === 'entry') this.judgeContract(order, tag.role);
    if (tag.purpose === 'stop' && order.status === 'TRIGGER PENDING') this.judgeTrigger(order);
    // What lost its cover is bought back beside an open position: it is no exit yet.
    if (tag.role === 'main' && order.side === 'BUY' && tag.purpose !== 'unwind') this.judgeExitPrice(order);
  }

  /** Under MIS nothing new is placed from two minutes before the broker's own square-off. */
  private judgeTime({ tag, product, placedAt }: SimOrder): void {
    const left = this.leftAt.get(tag ?? '') ?? placedAt;
    if (product === 'MIS' && left > istAt(istDate(left), LAST_PLACEMENT) + ON_ITS_WAY_MS)
      this.findings.add(6, 'an order after the last minute for new orders', `${tag} at ${istTime(left)}`);
  }

  private judgeProduct({ tag, product }: SimOrder): void {
    const expected = this.play.plan.exitPolicy === 'intraday' ? 'MIS' : 'NRML';
    if (product !== expected) this.findings.add(6, 'another product than the plan', `${tag} under ${product}`);
  }

  private judgeContract({ tag, side, tradingsymbol }: SimOrder, role: 'main' | 'hedge'): void {
    const { play, findings } = this;
    const { exchange } = play.world;
    if (side !== (role === 'hedge' ? 'BUY' : 'SELL')) findings.add(6, 'the wrong side', `${tag}: ${side}`);
    const option = exchange.find('NFO', tradingsymbol);
    if (option?.kind !== 'option' || play.of.market.generated !== undefined) return;
    const listed = exchange.instruments(istDate(virtualNow()));
    if (listed.some((one) => one.kind === 'option' && one.expiry < option.expiry))
      findings.add(6, 'not the nearest expiry', tradingsymbol);
    const signal = signalOn(play.of, istDate(virtualNow()));
    // Where Breeze showed another market, another signal may fire.
    if (play.world.contradicted || !signal) return;
    const { strike, type } = signal.sells;
    const { hedgeDistance, exitPolicy } = play.plan;
    const away = (strike * 100 - option.strike) * (type === 'PE' ? 1 : -1);
    // A hedge that is carried may be bought nearer when its contract is refused.
    const isHedge = away === hedgeDistance || (exitPolicy === 'weekly' && away > 0 && away < hedgeDistance);
    if (option.optionType !== type || (role === 'main' ? away !== 0 : !isHedge))
      findings.add(6, `another ${role} than the plan`, `${tag}: ${tradingsymbol} for a signal at ${strike} ${type}`);
  }

  /** By what its position was sold at. */
  private judgeTrigger(order: SimOrder): void {
    const tag = tagOf(order.tag);
    if (!tag || order.orderType !== 'SL') return;
    this.judgeRoom(order);
    const prices = this.play.world.exchange.allOrders().flatMap((other) => {
      const of = other.source === undefined && other.tradingsymbol === order.tradingsymbol ? tagOf(other.tag) : null;
      const isItsEntry = of?.purpose === 'entry' && of.role === 'main';
      return isItsEntry && positionOf(of) === positionOf(tag) ? other.fills.map(({ price }) => price) : [];
    });
    if (prices.length === 0) return;
    // Where its trades are not heard yet, what its entry was sent at stands in for them: the stop does not wait.
    const sentAt = this.entryPrices(order).filter((price) => price > 0);
    prices.push(...sentAt);
    const [least, most] = [stopOf(Math.min(...prices)) - TICK, stopOf(Math.max(...prices)) + 2 * TICK];
    if (order.triggerPrice < least || order.triggerPrice > most)
      this.findings.add(
        3,
        'a stop in the wrong place',
        `${order.tag}: trigger ${order.triggerPrice / 100}, by its fills ${least / 100} to ${most / 100}`,
      );
  }

  private entryPrices({ tradingsymbol, tag }: SimOrder): Paise[] {
    const own = tagOf(tag);
    return this.play.world.exchange.allOrders().flatMap((other) => {
      const of = other.source === undefined && other.tradingsymbol === tradingsymbol ? tagOf(other.tag) : null;
      const isEntry = own && of?.purpose === 'entry' && of.role === 'main' && positionOf(of) === positionOf(own);
      return isEntry ? [other.price] : [];
    });
  }

  /** A stop's limit lies a tenth above its trigger, five rupees up to a trigger of 50: nearer a jump goes past it. */
  private judgeRoom({ tag, triggerPrice, price }: SimOrder): void {
    const room = triggerPrice <= 50_00 ? 5_00 : triggerPrice / 10;
    if (Math.abs(price - triggerPrice - room) > TICK)
      this.findings.add(
        3,
        'a stop with another room than its own',
        `${tag}: ${price / 100} over ${triggerPrice / 100}`,
      );
  }

  /** From order to order of a slice, as long as its position is short. What was refused was never shown. */
  private judgeExitPrice(order: SimOrder): void {
    const { orderId, tag, orderType, status, price, tradingsymbol } = order;
    const parsed = tagOf(tag);
    if (!parsed) return;
    const position = positionOf(parsed);
    const isBent = this.isBent();
    // What is over, or was refused, says nothing of the next one: that is made of the touch of then, in every slice.
    const isOver = this.legs.legsOf(position).every(({ role, net }) => role !== 'main' || net >= 0);
    if (isOver || status === 'REJECTED')
      for (const key of this.exitPrices.keys()) if (key.startsWith(`${position} `)) this.exitPrices.delete(key);
    if (isOver || orderType !== 'LIMIT' || (status !== 'OPEN' && status !== 'COMPLETE')) return;
    const key = `${position} ${parsed.manual ? orderId : `${parsed.date} ${parsed.slice}`}`;
    const shown = this.exitPrices.get(key);
    // What left before another price was shown, or a moment after, could not know of it: also a change that follows one without an answer.
    // A stop that becomes a limit is no other order's successor.
    const isOther = parsed.purpose === 'stop' && shown?.orderId !== orderId;
    const isKnown = !isOther && (shown?.at ?? 0) + HEARD_MS < (this.askedAt.get(tag ?? '') ?? 0);
    const before = shown && isKnown ? shown.price : 0;
    if (price < before && !isBent && price < NEARLY * this.highestAccepted(tradingsymbol))
      this.findings.add(5, 'an exit price fell', `${tag}: from ${before / 100} to ${price / 100}`);
    // What was bought whole was dear enough.
    if (status === 'COMPLETE') this.exitPrices.delete(key);
    else this.exitPrices.set(key, { price, orderId, at: virtualNow() });
  }

  /** A price that was shown at a peak is refused after it: then the highest that the exchange accepts comes first. */
  private highestAccepted(tradingsymbol: string): Paise {
    const { exchange } = this.play.world;
    const option = exchange.find('NFO', tradingsymbol);
    const touch = option && exchange.touch(option);
    return touch ? priceProtection(touch.lastPrice, TICK, { lower: null, upper: touch.upperCircuit }).upper : 0;
  }

  /** Prices jump, stand still or were lied about a moment ago: what the exchange accepts was another then. */
  private isBent(): boolean {
    const { exchange, ticker } = this.play.world;
    const now = virtualNow();
    if (exchange.faults().some(({ kind }) => FAULT_KINDS[kind] === 'state')) this.bentAt = now;
    return now - Math.max(this.bentAt, ticker.lies.toldAt) < BENT_MS;
  }
}
