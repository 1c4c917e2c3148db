/** The exchange's own faults, and when each has met something: an order, or a price of what is open. */
import { FAULT_KINDS } from '../../exchange-simulator/core/faults.ts';
import { type Exchange, isFinal, type SimFault, type SimOrder } from '../../exchange-simulator/core/types.ts';

type Watched = { id: number; kind: string; left: number; lasts: boolean; thins: boolean; met: boolean };

export class ExchangeFaults {
  private watched: Watched[] = [];
  private added = 0;
  /** Orders of which only a part can be filled. */
  private thinned: string[] = [];
  private readonly exchange: Exchange;
  /** By what the draws call it; `isOpen`: it has met an order, or something that is held. */
  private readonly onMet: (kind: string, isOpen: boolean) => void;

  constructor(exchange: Exchange, onMet: (kind: string, isOpen: boolean) => void) {
    this.exchange = exchange;
    this.onMet = onMet;
  }

  add(kind: string, fault: SimFault): void {
    this.added += 1;
    const lasts = FAULT_KINDS[fault.kind] === 'state';
    this.exchange.addFault({ ...fault, id: this.added });
    this.watched.push({
      id: this.added,
      kind,
      left: fault.count,
      lasts,
      thins: fault.kind === 'thin_depth',
      met: false,
    });
    this.look();
  }

  /**
   * One has met a sale of ours, and keeps it from being filled as long as it lives: an order that shows the lowest price there is cannot be
   * helped. A short is another matter: its exit is changed, or replaced.
   */
  holdsASale(): boolean {
    const live = this.thinned.filter((orderId) => !isFinal(this.exchange.order(orderId)?.status ?? 'CANCELLED'));
    this.thinned = live;
    return live.length > 0;
  }

  /** Called when something has happened that a fault may have been met by: with the order that has changed. */
  look(order?: SimOrder): void {
    if (this.watched.length === 0) return;
    const live = new Map(this.exchange.faults().map((fault) => [fault.id, fault]));
    for (const one of this.watched) {
      const fault = live.get(one.id);
      if (one.lasts) {
        if (!fault || one.met || !this.isOpenIn(fault)) continue;
        one.met = true;
        this.onMet(one.kind, true);
        continue;
      }
      const left = fault?.count ?? 0;
      if (left < one.left) {
        this.onMet(one.kind, true);
        if (one.thins && order?.side === 'SELL') this.thinned.push(order.orderId);
      }
      one.left = left;
    }
    this.watched = this.watched.filter(({ id }) => live.has(id));
  }

  /** Something is held, or ordered, of a contract that it bends. */
  private isOpenIn({ tradingsymbol: of }: SimFault): boolean {
    const concerns = ({ tradingsymbol }: { tradingsymbol: string }) => of === undefined || of === tradingsymbol;
    return (
      this.exchange.positions().some((position) => position.quantity !== 0 && concerns(position)) ||
      this.exchange.orders().some((order) => !isFinal(order.status) && concerns(order))
    );
  }
}
