/** What every journal does with notices; a part of the journal's contract. */
import { expect, it } from 'vitest';
import type { Account, Journal } from '../../src/journal/types.ts';
import { AT, kept } from './rows.ts';

export function specifyNotices(journalOf: () => Journal, freshAccount: () => Account): void {
  it('keeps a notice until it is delivered, and the instant of its delivery for ever', async () => {
    const journal = journalOf();
    const account = freshAccount();
    const [first, second] = [kept('P1:0', { queuedAt: AT + 1 }), kept('P2:0', { queuedAt: AT + 2 })];
    expect(await journal.saveNotice(account, second)).toBeNull();
    expect(await journal.saveNotice(account, first)).toBeNull();
    expect(await journal.undeliveredNotices(account, 10)).toEqual([first, second]);
    expect(await journal.saveNotice(account, { ...first, deliveredAt: AT + 5 })).toBe(AT + 5);
    expect(await journal.undeliveredNotices(account, 10)).toEqual([second]);
    expect(await journal.notices(account, 10)).toEqual([second, { ...first, deliveredAt: AT + 5 }]);
  });

  it('has one notice of an id: a second one changes neither its words nor when it was delivered', async () => {
    const journal = journalOf();
    const account = freshAccount();
    await journal.saveNotice(account, kept('P1:0', { deliveredAt: AT + 5 }));
    const again = kept('P1:0', { deliveredAt: AT + 9 });
    again.notice.text = 'other words';
    expect(await journal.saveNotice(account, again)).toBe(AT + 5);
    expect(await journal.saveNotice(account, kept('P1:0'))).toBe(AT + 5);
    expect(await journal.notices(account, 10)).toEqual([kept('P1:0', { deliveredAt: AT + 5 })]);
  });

  it('answers as many notices as asked, and those of an account alone', async () => {
    const journal = journalOf();
    const account = freshAccount();
    for (const n of [1, 2, 3]) await journal.saveNotice(account, kept(`P${n}:0`, { queuedAt: AT + n }));
    const ids = (notices: { notice: { id: string } }[]) => notices.map(({ notice }) => notice.id);
    expect(ids(await journal.undeliveredNotices(account, 2))).toEqual(['P1:0', 'P2:0']);
    expect(ids(await journal.notices(account, 2))).toEqual(['P3:0', 'P2:0']);
    for (const other of [{ ...account, mode: 'live' as const }, { ...account, account: 'OTHER' }, freshAccount()]) {
      expect(await journal.notices(other, 10)).toEqual([]);
      expect(await journal.undeliveredNotices(other, 10)).toEqual([]);
    }
  });
}
