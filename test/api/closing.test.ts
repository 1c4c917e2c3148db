import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMAND_EXPIRES_MS } from '../../src/contract/commands.ts';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';
import { openPosition, restingStop, TIMETABLE } from './fixtures/day-facts.ts';

let program: ApiProgram;
beforeAll(async () => {
  program = await startApiProgram();
});
afterAll(() => program.stop());
beforeEach(() => program.freshAccount());

const lastSignal = async () => (await program.received()).at(-1);

describe('POST /live/close-position/{id}', () => {
  it('answers the closed position', async () => {
    await program.openDay({ positions: [openPosition()] });
    const answer = await program.post('/live/close-position/P1');
    expect([answer.status, answer.body]).toMatchObject([200, { id: 'P1', state: 'closed' }]);
  });

  it('answers 202 and where it stands when it takes longer than ten seconds', async () => {
    await program.openDay({ positions: [openPosition()] });
    await program.change({ closesPositions: false });
    const started = Date.now();
    const answer = await program.post('/live/close-position/P1');
    expect([answer.status, answer.body]).toMatchObject([202, { id: 'P1', state: 'open' }]);
    expect(Date.now() - started).toBeLessThan(14_000);
  });

  it('an unknown one is 404, a closed one 409', async () => {
    await program.openDay({ positions: [openPosition('P1', { state: 'closed' })] });
    expect(await program.post('/live/close-position/P9')).toMatchObject({
      status: 404,
      body: { error: { code: 'unknown_position' } },
    });
    expect(await program.post('/live/close-position/P1')).toMatchObject({
      status: 409,
      body: { error: { code: 'already_closed' } },
    });
  });

  it('without a day is 404, after its end 409', async () => {
    expect((await program.post('/live/close-position/P1')).status).toBe(404);
    await program.openDay();
    await program.endDay();
    expect(await program.post('/live/close-position/P1')).toMatchObject({
      status: 409,
      body: { error: { code: 'day_over' } },
    });
  });
});

describe('POST /live/close-all', () => {
  it('takes an empty body that calls itself JSON: in an emergency nobody argues about headers', async () => {
    await program.openDay();
    const answer = await program.call('POST', '/live/close-all', '', { 'content-type': 'application/json' });
    expect(answer.status).toBe(200);
  });

  it('names what is being closed', async () => {
    await program.openDay({ positions: [openPosition('P1'), openPosition('P2', { state: 'closed' })] });
    const answer = await program.post('/live/close-all');
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { closing: ['P1'], already_flat: false, changed: true, message: 'close_all was done.' },
    ]);
    expect(await lastSignal()).toMatchObject({ signal: 'closeAll', payload: { by: 'the API' } });
  });

  it('when nothing is open still switches entries off, and says so', async () => {
    await program.openDay();
    expect((await program.post('/live/close-all', {})).body).toMatchObject({ closing: [], already_flat: true });
    expect(await lastSignal()).toMatchObject({ signal: 'closeAll' });
  });

  it('a second one changes nothing, and says so; one that is only repeated by its key answers what the first did', async () => {
    await program.openDay();
    const key = { 'idempotency-key': 'a' };
    const closeAll = async (headers = {}) => (await program.call('POST', '/live/close-all', {}, headers)).body;
    const first = await closeAll(key);
    expect(first).toMatchObject({ id: 'close_all:a', changed: true });
    expect(await closeAll()).toMatchObject({ changed: false });
    expect(await closeAll(key)).toEqual(first);
  });

  it('is flat beside an order in any phase in which nothing can fill', async () => {
    const over = (['not_sent', 'absent', 'ended'] as const).map((phase) => ({ ...restingStop(), tag: phase, phase }));
    await program.openDay({ orders: over });
    expect((await program.post('/live/close-all')).body).toMatchObject({ already_flat: true });
    await program.change({ view: { orders: [...over, { ...restingStop(), phase: 'doubt', status: 'IN DOUBT' }] } });
    expect((await program.post('/live/close-all')).body).toMatchObject({ already_flat: false });
  });

  it('is not flat while an order of ours may still trade', async () => {
    await program.openDay({ orders: [restingStop()] });
    expect((await program.post('/live/close-all')).body).toMatchObject({ already_flat: false });
  });
});

describe('without a worker', () => {
  it('questions are answered 503, close-all is kept and answered 202, and an unconfirmed close never happens', async () => {
    await program.openDay({ positions: [openPosition()], timetable: TIMETABLE });
    await program.stopWorker();
    try {
      expect(await program.get('/live/status')).toMatchObject({
        status: 503,
        body: { error: { code: 'worker_away' } },
      });
      expect(await program.call('GET', '/health')).toMatchObject({
        status: 503,
        body: { status: 'down', worker: 'down', temporal: 'up', error: { message: expect.stringContaining('worker') } },
      });
      const sent = Date.now();
      const [emergency, close] = await Promise.all([
        program.post('/live/close-all'),
        program.post('/live/close-position/P1'),
      ]);
      expect([emergency.status, emergency.body]).toMatchObject([202, { accepted: true }]);
      expect([close.status, close.body]).toMatchObject([503, { error: { code: 'worker_away' } }]);
      expect(Date.now() - sent).toBeGreaterThan(COMMAND_EXPIRES_MS);
    } finally {
      await program.startWorker();
    }
    await expect.poll(async () => (await program.get('/live/positions')).status).toBe(200);
    expect((await program.received()).map(({ signal }) => signal)).toEqual(['closeAll']);
    expect((await program.get('/live/positions')).body).toMatchObject({ positions: [{ id: 'P1', state: 'open' }] });
  });
});
