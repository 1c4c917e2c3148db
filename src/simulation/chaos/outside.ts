/** What the outside world sees of a program and its exchange: answers over HTTP, with the API's token. */

export const TOKEN = 'a-token-for-chaos-alone';

export type Ports = { port: number; exchangePort: number };

export type BookOrder = {
  order_id: string;
  tag: string | null;
  tradingsymbol: string;
  transaction_type: 'BUY' | 'SELL';
  quantity: number;
  filled_quantity: number;
  order_type: string;
  status: string;
  fills: { quantity: number; price: number; at: string }[];
};
export type SimulatorBook = { orders: BookOrder[]; positions: { tradingsymbol: string; quantity: number }[] };

const ANSWER_WITHIN_MS = 5_000;

/** An answer's JSON, null while nobody answers. */
export async function read<T>(url: string): Promise<T | null> {
  try {
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${TOKEN}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return answer.ok ? ((await answer.json()) as T) : null;
  } catch {
    return null;
  }
}

export const api = <T>(at: Ports, path: string) => read<T>(`http://127.0.0.1:${at.port}${path}`);

/** What a person's `curl -X POST` answers. */
export async function post(at: Ports, path: string, body: Record<string, unknown>): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${at.port}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.json();
}

export const simulator = <T>(at: Ports, path: string) =>
  read<T>(`http://127.0.0.1:${at.exchangePort}/simulator${path}`);
export const book = (at: Ports) => simulator<SimulatorBook>(at, '/book');

/** Throws what the simulator says when it refuses. */
export async function steer(at: Ports, path: string, body: Record<string, unknown>): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${at.exchangePort}/simulator${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

export const fault = (at: Ports, body: Record<string, unknown>) => steer(at, '/faults', body);

/** As a person does in a browser: the broker's page, and its redirect. False when that did not log in. */
export async function logIn(at: Ports): Promise<boolean> {
  const asked = await api<{ login_url: string }>(at, '/live/auth/login-url');
  if (!asked) return false;
  const page = await fetch(asked.login_url, { method: 'POST', redirect: 'manual' });
  const redirect = page.headers.get('location');
  return redirect !== null && (await fetch(redirect)).ok;
}
