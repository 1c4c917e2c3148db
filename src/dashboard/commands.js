/** Commands to the API. Each answers what may be said to a person; none throws. */

/**
 * @typedef {{ kind: 'done', body: any }
 *   | { kind: 'kept', message: string }
 *   | { kind: 'refused', status: number, message: string }
 *   | { kind: 'signed_out' }
 *   | { kind: 'unconfirmed' }} Outcome
 */

/**
 * @param {string} path
 * @param {unknown} body
 * @param {AbortSignal} signal
 * @param {string} [key] attempts with the same one are one command
 * @returns {Promise<Outcome>}
 */
export async function send(path, body, signal, key) {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
      body: JSON.stringify(body),
      signal,
    });
    const content = await answer.json();
    if (answer.status === 200) return { kind: 'done', body: content };
    if (answer.status === 202) return { kind: 'kept', message: String(content.message ?? 'Received.') };
    if (answer.status === 401) return { kind: 'signed_out' };
    if (answer.status >= 500) return { kind: 'unconfirmed' };
    return { kind: 'refused', status: answer.status, message: String(content.error?.message ?? 'Refused.') };
  } catch {
    return { kind: 'unconfirmed' };
  }
}
