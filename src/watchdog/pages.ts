/** Pages of the watchdog: raised, repeated after 1, 5 and 15 minutes and then every 15, and ended. */
import type { KeptNotice, NoticeInput, Notices } from '../contract/notices.ts';
import { isIsoDate } from '../domain/clock.ts';
import type { IsoDate, MarketMs, WallMs } from '../domain/types.ts';

/** Something that is wrong now. */
export type Finding = {
  /** Stable snake_case; with the subject it is one page. */
  cause: string;
  subject: string;
  since: MarketMs;
  date: IsoDate;
  text: string;
  /** What is said when it is over. */
  over: string;
};

type Page = { finding: Finding; base: string; raisedAt: WallMs; sent: number };

const MINUTE_MS = 60_000;
const FIRST_REPETITIONS = [1, 5, 15];
const THEN_EVERY = 15;
/** A look that comes a moment before its minute counts: the next one would be late. */
const EARLY_MS = 1_000;

/** Minutes after the page was raised at which its n-th repetition is due; 0 is the page itself. */
function repetitionMinutes(n: number): number {
  if (n === 0) return 0;
  return FIRST_REPETITIONS[n - 1] ?? (n - FIRST_REPETITIONS.length) * THEN_EVERY + THEN_EVERY;
}

function lastDue(elapsedMs: number): number {
  let n = 0;
  while (repetitionMinutes(n + 1) * MINUTE_MS <= elapsedMs) n += 1;
  return n;
}

export type Pages = {
  /** Goes on with the pages that an earlier process has raised and not ended. */
  restore(kept: readonly KeptNotice[]): void;
  /** Sends what is due on a date. A page whose cause is in `unsure` stays as it is when nothing is found. Never rejects. */
  look(findings: readonly Finding[], unsure: ReadonlySet<string>, today: IsoDate): Promise<void>;
};

/**
 * `prefix` begins every id. Ids are made of facts that all processes see alike where there are any: two of them that find the same send the
 * same notice.
 */
export function createPages(options: { prefix: string; notices: Pick<Notices, 'send'>; wall(): WallMs }): Pages {
  const { prefix, notices, wall } = options;
  const open = new Map<string, Page>();
  const ended = new Set<string>();
  const keyOf = ({ cause, subject }: Pick<Finding, 'cause' | 'subject'>) => JSON.stringify([cause, subject]);

  function raise(finding: Finding): Page {
    const base = `${prefix}:${finding.cause}:${finding.subject}:${finding.since}`;
    // The same facts once more after their end are another page.
    const page = { finding, base: ended.has(base) ? `${base}:${wall()}` : base, raisedAt: wall(), sent: -1 };
    open.set(keyOf(finding), page);
    return page;
  }

  function due(finding: Finding): [NoticeInput, IsoDate][] {
    const page = open.get(keyOf(finding)) ?? raise(finding);
    page.finding = { ...finding, since: page.finding.since };
    const n = lastDue(wall() - page.raisedAt + EARLY_MS);
    if (n <= page.sent) return [];
    const kind = page.sent < 0 ? 'raised' : 'repeated';
    page.sent = n;
    return [noticeOf(page, String(n), kind, finding.text)];
  }

  function over(found: ReadonlySet<string>, unsure: ReadonlySet<string>, today: IsoDate): [NoticeInput, IsoDate][] {
    return [...open].flatMap(([key, page]) => {
      if (found.has(key) || unsure.has(page.finding.cause)) return [];
      open.delete(key);
      ended.add(page.base);
      const { subject, over } = page.finding;
      // A page about a date ends with it, whatever became of its cause.
      const isPast = subject !== today && isIsoDate(subject);
      return [noticeOf(page, 'end', 'ended', isPast ? `${subject} is over: its day is not looked at any more.` : over)];
    });
  }

  function noticeOf(page: Page, number: string, kind: NoticeInput['kind'], text: string): [NoticeInput, IsoDate] {
    const { cause, subject, since, date } = page.finding;
    return [{ id: `${page.base}:${number}`, kind, cause, subject, text, since }, date];
  }

  return {
    restore(kept) {
      for (const { notice, queuedAt } of [...kept].sort((a, b) => a.queuedAt - b.queuedAt)) {
        // What was told once goes on for nobody.
        if (notice.kind === 'told') continue;
        const [, base, number] = /^(.*):(\d+|end)$/.exec(notice.id) ?? [];
        if (!base || !number || !base.startsWith(`${prefix}:`)) continue;
        if (number === 'end') {
          open.delete(keyOf(notice));
          ended.add(base);
          continue;
        }
        const { cause, subject, since, date, text } = notice;
        const sent = Number(number);
        const finding = { cause, subject, since, date, text, over: 'It is over.' };
        open.set(keyOf(notice), { finding, base, raisedAt: queuedAt - repetitionMinutes(sent) * MINUTE_MS, sent });
      }
    },
    async look(findings, unsure, today) {
      const found = new Set(findings.map(keyOf));
      const sending = [...findings.flatMap(due), ...over(found, unsure, today)];
      await Promise.all(sending.map(([notice, date]) => notices.send(notice, date)));
    },
  };
}
