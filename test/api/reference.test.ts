import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REFUSALS } from '../../src/api/refusals.ts';
import { API_TOKEN } from './fixtures/api-deps.ts';
import { answersOf, type Json } from './fixtures/documented.ts';
import { type ReadingApi, startReadingApi } from './fixtures/reading-api.ts';

type Operation = {
  summary?: string;
  security?: object[];
  requestBody?: { content: Record<string, { schema: Json }> };
  responses: Record<string, { description: string }>;
};
type Document = {
  openapi: string;
  info: { version: string };
  security: object[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { additionalProperties?: boolean }>; securitySchemes: Record<string, object> };
};

let api: ReadingApi;
let document: Document;
beforeAll(async () => {
  api = await startReadingApi();
  document = (await api.get('/openapi.json')).body as unknown as Document;
});
afterAll(() => api.stop());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 with the token and the cookie', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
      security: [{ token: [] }, { session: [] }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: expect.stringMatching(/^trading_/) },
        },
      },
    });
  });

  it('holds every route that the API has, but the sign-in and files of the dashboard', () => {
    const served = api.api.app.routes
      .filter(({ method, path }) => method !== 'ALL' && !/^\/($|sign-in|dashboard)/.test(path))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect([...new Set(served)].sort()).toEqual(
      operations()
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
  });

  it('says of each route what strangers and foreign pages are answered', () => {
    for (const { method, path, operation } of operations()) {
      const where = `${method} ${path}`;
      expect(operation.summary, where).toBeTruthy();
      expect(operation.responses['403'], where).toBeDefined();
      const open = operation.security?.length === 0;
      expect(open, where).toBe(['GET /health', 'GET /live/auth/complete'].includes(where));
      if (!open) expect(operation.responses['401'], where).toBeDefined();
    }
  });

  it('closes every body of a command: unknown fields are refused', () => {
    const bodies = operations().flatMap(
      ({ operation }) => operation.requestBody?.content['application/json']?.schema ?? [],
    );
    expect(bodies.length).toBeGreaterThan(4);
    for (const body of bodies as { $ref?: string; additionalProperties?: boolean }[]) {
      const shape = body.$ref ? document.components.schemas[body.$ref.split('/').at(-1) ?? ''] : body;
      expect(shape?.additionalProperties).toBe(false);
    }
  });

  it('names every code under its status', () => {
    const described = operations().flatMap(({ operation }) => Object.entries(operation.responses));
    const elsewhere = ['unknown_route', 'method_not_allowed'];
    for (const [code, { status }] of Object.entries(REFUSALS)) {
      if (elsewhere.includes(code)) continue;
      const found = described.some(
        ([at, { description }]) => at === `${status}` && description.includes(`\`${code}\``),
      );
      expect(found, code).toBe(true);
    }
  });
});

describe('the check that all tests of the API make', () => {
  const told = { method: 'GET', path: '/live/websocket/status?x=1', status: 200, type: 'application/json' };
  const feed = { connected: true, subscribed: 1, last_tick_at: null, reconnects: 0, source: 'feed' };

  it('finds an answer that is not described, a field that is missing, and one too many', () => {
    const check = answersOf(document as unknown as Json);
    expect(() => check({ ...told, body: feed })).not.toThrow();
    expect(() => check({ ...told, status: 418, body: feed })).toThrow('is not described');
    expect(() => check({ ...told, type: 'text/html', body: feed })).toThrow('is not described');
    expect(() => check({ ...told, body: { ...feed, source: undefined } })).toThrow('another shape');
    expect(() => check({ ...told, body: { ...feed, more: 1 } })).toThrow('another shape');
  });
});

describe('/docs', () => {
  it('asks a stranger to sign in, and shows nothing else', async () => {
    const answer = await api.get('/docs', { authorization: '' });
    expect(answer.status).toBe(401);
    expect(JSON.stringify(answer.body)).toContain('Sign in');
    expect(JSON.stringify(answer.body)).not.toContain('/live/');
  });

  it('shows every route with an example for curl, without a script and without the token', async () => {
    const answer = await api.get('/docs');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
    const { text } = answer.body as unknown as { text: string };
    for (const { method, path } of operations()) {
      expect(text).toContain(`<h3><code>${method} ${path}</code></h3>`);
      expect(text).toContain(
        `${api.origin}${path.replace('{id}', path.includes('order') ? '250714000000001' : 'P1').replace('{date}', '2025-07-14')}`,
      );
    }
    expect(text).toContain('num_lots');
    expect(text).toContain('integer, at least 1, at most 1000');
    expect(text).toContain('a multiple of 50');
    expect(text).not.toContain(API_TOKEN);
    expect(text).not.toContain('<script');
    expect(text.match(/(?:src|href)="(?!\/|#)/g)).toBeNull();
  });
});

describe('a method that a path does not take', () => {
  it.each([
    ['DELETE', '/live/status', 'GET, HEAD'],
    ['PUT', '/live/auth/complete', 'GET, HEAD, POST'],
    ['GET', '/live/close-position/P1', 'POST'],
    ['POST', '/health', 'GET, HEAD'],
    ['OPTIONS', '/live/close-all', 'POST'],
  ])('%s %s is 405 and Allow says %s', async (method, path, allow) => {
    const answer = await api.call(method, path);
    expect([answer.status, answer.body]).toMatchObject([405, { error: { code: 'method_not_allowed' } }]);
    expect(answer.headers.get('allow')).toBe(allow);
    expect((await api.call(method, path, undefined, { authorization: '' })).status).toBe(401);
  });

  it('an unknown path stays 404', async () => {
    expect((await api.get('/nowhere')).status).toBe(404);
    expect((await api.get('/dashboard/nothing.js')).status).toBe(404);
  });
});
