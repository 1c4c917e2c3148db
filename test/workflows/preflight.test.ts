import { describe, expect, it, onTestFinished } from 'vitest';
import type { PreflightFinding } from '../../src/contract/activities.ts';
import { istTime } from '../../src/domain/clock.ts';
import { stageOfFile } from './file-stage.ts';
import type { SimulatedDay } from './stage.ts';

const stage = stageOfFile();
/** Lets a look end that hangs. */
let endLook = () => {};

const LOT: PreflightFinding = { check: 'contracts', outcome: 'wrong', text: 'The lot is another one.' };
const CANDLES: PreflightFinding = { check: 'candles', outcome: 'failed', text: 'Breeze has no candles.' };

/** A live day whose looks find what is given, the last one again and again; answers the times of the looks. */
async function liveDay(...found: PreflightFinding[][]): Promise<{ opened: SimulatedDay; looks: string[] }> {
  const opened = await stage.startDay({ mode: 'live', date: '2025-07-14' });
  const looks: string[] = [];
  // What a broker lists wrongly is nothing that the simulator can be brought to do.
  opened.parts.day.preflight = async () => {
    looks.push(istTime(opened.exchange.clock.now()).slice(0, 5));
    return found[Math.min(looks.length, found.length) - 1] ?? [];
  };
  return { opened, looks };
}

const messages = (warnings: { code: string; message: string }[]) =>
  warnings.filter(({ code }) => code === 'preflight').map(({ message }) => message);

describe('the pre-flight of a live day', () => {
  it('is made after the login and once more at 09:10; what is well by then is not warned of any more', async () => {
    const { opened, looks } = await liveDay(
      [LOT, CANDLES],
      [{ ...LOT, outcome: 'ok', text: 'the lot is right' }, CANDLES],
    );
    await opened.at('08:50');
    await opened.logIn();
    const first = await opened.seen('the first look', ({ warnings }) => messages(warnings).length === 2);
    expect(first.warnings.map(({ code, blocksEntries }) => [code, blocksEntries])).toEqual([
      ['preflight', true],
      ['preflight', false],
    ]);
    await opened.at('09:12');
    const second = await opened.seen('the second look', ({ warnings }) => messages(warnings).length === 1);
    expect(messages(second.warnings)).toEqual([CANDLES.text]);
    expect(looks).toEqual(['08:50', '09:10']);
    // Its owner is paged each time, with what to do.
    const pages = opened.lines.filter((line) => line.includes('"owner":true') && line.includes('Pre-flight'));
    expect(pages).toHaveLength(2);
  });

  it('holds up entries where trading would be wrong, until somebody acknowledges it', async () => {
    const { opened, looks } = await liveDay([LOT]);
    await opened.at('09:30');
    await opened.logIn();
    await opened.start({ numLots: 1 });
    await opened.seen('the look', ({ warnings }) => messages(warnings).length === 1);
    expect(looks).toHaveLength(1);
    await opened.at('11:16');
    const { decisions, positions } = await opened.seen('the decision of 11:15', (view) => view.decisions.length === 2);
    expect(decisions[1]).toMatchObject({
      signal: 'S1',
      outcome: 'not_taken',
      reason: expect.stringContaining(LOT.text),
    });
    expect(positions).toEqual([]);
  });

  it('holds up entries as well when what failed at first turns out to be wrong, though the failure was acknowledged', async () => {
    const { opened } = await liveDay([{ ...LOT, outcome: 'failed', text: 'The list does not come.' }], [LOT]);
    await opened.at('08:50');
    await opened.logIn();
    await opened.start({ numLots: 1 });
    await opened.seen('the first look', ({ warnings }) => messages(warnings).length === 1);
    await opened.acknowledge('all');
    await opened.at('09:12');
    const { warnings, acknowledged } = await opened.seen('the second look', (view) =>
      messages(view.warnings).includes(LOT.text),
    );
    expect(warnings).toMatchObject([{ code: 'preflight', blocksEntries: true }]);
    expect(acknowledged).toEqual([]);
    await opened.at('11:16');
    const { decisions } = await opened.seen('the decision of 11:15', (view) => view.decisions.length === 2);
    expect(decisions[1]).toMatchObject({
      signal: 'S1',
      outcome: 'not_taken',
      reason: expect.stringContaining(LOT.text),
    });
  });

  /** Somebody logs in a moment before the signal of 11:15, and the look that follows does not end. */
  async function hangingLook(until: string): Promise<SimulatedDay> {
    const { opened, looks } = await liveDay([]);
    onTestFinished(() => endLook());
    opened.parts.day.preflight = () =>
      new Promise((found) => {
        looks.push('hangs');
        endLook = () => found([]);
      });
    await opened.start({ numLots: 1 });
    await opened.at('11:14:30');
    await opened.logIn();
    await opened.seen('the login', () => looks.length > 0);
    await opened.at(until);
    return opened;
  }

  it('is waited for by an entry, which is made when the look ends in time', async () => {
    const opened = await hangingLook('11:15:01');
    // Without the wait it would have been entered by then.
    await opened.at('11:15:05');
    const { decisions, positions } = await opened.view();
    expect([decisions.length, positions.length]).toEqual([1, 0]);
    endLook();
    const { decisions: after } = await opened.opened();
    expect(after[1]).toMatchObject({ signal: 'S1', outcome: 'fired' });
  });

  it('that does not end within the decision’s five minutes lets nothing be entered unchecked', async () => {
    const opened = await hangingLook('11:19:58');
    const { decisions, positions } = await opened.seen('the decision', (view) => view.decisions.length === 2);
    expect(decisions[1]).toMatchObject({
      ...{ signal: 'S1', outcome: 'not_taken', reason: expect.stringContaining('the pre-flight has not ended') },
    });
    expect(positions).toEqual([]);
    endLook();
    await opened.seen('the end of the look', () =>
      opened.lines.some((line) => line.includes('Pre-flight: all is well')),
    );
  });

  it('is not part of a replayed day', async () => {
    const day = await stage.startDay({ date: '2025-07-14' });
    const names: string[] = [];
    day.world.hooks.add((point) => {
      if (point.kind === 'activity') names.push(point.type);
    });
    await day.at('08:50');
    await day.logIn();
    await day.seen('the login', ({ session }) => session !== null);
    await day.at('09:20');
    expect(names).not.toContain('preflight');
    expect(names).toContain('exchangeRequestToken');
  });
});
