export type Redactor = {
  /** A copy of what is to be shown, at any depth, without the secrets. Plain JSON in, plain JSON out. */
  redact(shown: unknown): unknown;
  /** A secret that came up while running, e.g. today's access token. */
  add(secret: string): void;
};

const REDACTED = '[redacted]';

/** Shorter ones would take ordinary words and numbers out of the log. */
const SHORTEST_SECRET = 4;

/** As the brokers and HTTP spell them, compared without case, `_` and `-`. */
const SECRET_FIELDS = new Set([
  'accesstoken',
  'requesttoken',
  'publictoken',
  'refreshtoken',
  'enctoken',
  'sessiontoken',
  'xsessiontoken',
  'apitoken',
  'apisecret',
  'apisession',
  'secret',
  'secretkey',
  'secretskey',
  'checksum',
  'xchecksum',
  'authorization',
  'cookie',
  'setcookie',
  'password',
  'totp',
]);

const FIELD_IN_TEXT =
  /\b((?:(?:access|request|public|refresh|session|api)[_-]?token|enctoken|api[_-]?(?:secret|session)|secrets?[_-]?key|checksum|authorization|cookie|password|totp)["']?\s*[:=]\s*["']?)(?:(?:token|bearer|basic)\s+)?[^\s"'&,;}]+/gi;
/** Kite's `Authorization` value standing alone. */
const KITE_AUTHORIZATION = /\btoken\s+[\w-]+:[\w-]+/gi;

/** Leaves out the given secrets, as they are or URL-encoded, and the values of well-known fields, also inside strings. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const known = new Set<string>();
  const add = (secret: string): void => {
    if (secret.length < SHORTEST_SECRET) return;
    known.add(secret);
    known.add(encodeURIComponent(secret));
  };
  for (const secret of secrets) add(secret);

  const redactText = (text: string): string => {
    let shown = text;
    for (const secret of known) shown = shown.replaceAll(secret, REDACTED);
    return shown.replace(FIELD_IN_TEXT, `$1${REDACTED}`).replace(KITE_AUTHORIZATION, `token ${REDACTED}`);
  };

  const redact = (shown: unknown): unknown => {
    if (typeof shown === 'string') return redactText(shown);
    if (typeof shown === 'number') return known.has(String(shown)) ? REDACTED : shown;
    if (Array.isArray(shown)) return shown.map(redact);
    if (shown === null || typeof shown !== 'object') return shown;
    return Object.fromEntries(
      Object.entries(shown).map(([field, value]) => [
        redactText(field),
        SECRET_FIELDS.has(field.toLowerCase().replace(/[_-]/g, '')) && value !== null ? REDACTED : redact(value),
      ]),
    );
  };

  return { redact, add };
}
