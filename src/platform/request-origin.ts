/** Which web pages may talk to a server on this machine: a browser sends requests anywhere that any page tells it to. */

export const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Why a request is refused, null when it is not: `Host` names nobody of `names` (lower case, without port), as after DNS rebinding, or
 * `Origin` is another site than the one that was asked.
 */
export function foreignness(
  asked: { host?: string | undefined; origin?: string | undefined },
  names: ReadonlySet<string>,
): 'foreign_host' | 'foreign_origin' | null {
  const authority = (asked.host ?? '').toLowerCase();
  if (!names.has(authority.replace(/:\d+$/, ''))) return 'foreign_host';
  return asked.origin === undefined || sameOrigin(asked.origin, authority) ? null : 'foreign_origin';
}

function sameOrigin(origin: string, authority: string): boolean {
  try {
    return new URL(origin).host === new URL(`http://${authority}`).host;
  } catch {
    return false;
  }
}
