/** A day's verdict: the exchange's book, and the report held against it. */
import { isDeepStrictEqual } from 'node:util';
import type { ReportBody } from '../../api/report-schema.ts';
import { duplicateTags, exposureOf, isFlat, reportAgainstBook } from './book.ts';
import type { SimulatorBook } from './outside.ts';

export type Verdict = {
  duplicates: number;
  nakedSeconds: number;
  notFlat: boolean;
  traded: boolean;
  failures: { invariant: string; message: string }[];
};

/** `report` is null where none came in time. */
export function judge(book: SimulatorBook, report: ReportBody | null): Verdict {
  const failures: Verdict['failures'] = [];
  const expectNone = (invariant: string, found: readonly string[]) => {
    const [first] = found;
    if (first)
      failures.push({ invariant, message: found.length === 1 ? first : `${first}, and ${found.length - 1} more` });
  };
  const twice = duplicateTags(book);
  const { nakedSeconds, naked, overBought, overSold } = exposureOf(book);
  const flat = isFlat(book);
  expectNone('a tag twice', twice);
  expectNone('more bought back than sold', overBought);
  expectNone('more of a hedge sold than held', overSold);
  expectNone('naked', naked);
  expectNone('the report', report ? againstBook(report, book, flat) : ['no report came']);
  return {
    ...{ duplicates: twice.length, nakedSeconds, notFlat: !flat, failures },
    traded: book.orders.some(({ fills }) => fills.length > 0),
  };
}

function againstBook(report: ReportBody, book: SimulatorBook, flat: boolean): string[] {
  const wrong: string[] = [];
  if ((report.result === 'flat') !== flat)
    wrong.push(`it says ${report.result}, and the book is ${flat ? 'flat' : 'not flat'}`);
  const { reported, booked } = reportAgainstBook(report, book);
  if (!isDeepStrictEqual(reported, booked))
    wrong.push(
      `it has ${reported.trades.length} trades and net ${reported.net / 100}, the book ${booked.trades.length} and ${booked.net / 100}`,
    );
  return wrong;
}
