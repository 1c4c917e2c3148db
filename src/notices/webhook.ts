/** Notices as signed HTTP requests: docs/notices.md says what a receiver gets, and how it checks the signature. */
import { createHmac } from 'node:crypto';
import type { Notice } from '../contract/notices.ts';
import { istIso } from '../domain/clock.ts';
import { ChannelError, type NoticeChannel } from './channel.ts';

export type WebhookConfig = { url: string; secret: string };

const TIMESTAMP_HEADER = 'x-trading-day-timestamp';
const SIGNATURE_HEADER = 'x-trading-day-signature';
const ID_HEADER = 'x-trading-day-notice';

/** Below the five seconds that an activity waits for its notice. Wall milliseconds. */
const ANSWER_WITHIN_MS = 4_000;
/** Too many requests, and a receiver that is away behind its proxy: the next notice would fare no better. */
const AWAY = [429, 502, 503, 504];

export function createWebhookChannel(options: WebhookConfig & { answerWithinMs?: number }): NoticeChannel {
  const { url, secret, answerWithinMs = ANSWER_WITHIN_MS } = options;
  return {
    name: 'webhook',
    async deliver(notice, signal) {
      const body = bodyOf(notice);
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const answer = await post(url, {
        method: 'POST',
        // A redirect would take the notice to a place that nobody has configured.
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          [TIMESTAMP_HEADER]: timestamp,
          [SIGNATURE_HEADER]: signatureOf(secret, timestamp, body),
          // Outside ASCII a header is refused; the body has the id as it is.
          [ID_HEADER]: encodeURIComponent(notice.id),
        },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
      });
      await answer.body?.cancel();
      if (answer.ok) return;
      throw new ChannelError(wordsOf(answer.status), AWAY.includes(answer.status));
    },
  };

  async function post(to: string, request: RequestInit): Promise<Response> {
    try {
      return await fetch(to, request);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'TimeoutError')
        throw new ChannelError(`no answer within ${answerWithinMs / 1_000} s`, true);
      throw new ChannelError(codeOf(error), true);
    }
  }
}

/** `v1=` and the HMAC-SHA256, in hex, of timestamp, a full stop and the body, byte for byte as it was sent. */
function signatureOf(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

function bodyOf(notice: Notice): string {
  return JSON.stringify({ ...notice, since: istIso(notice.since), at: istIso(notice.at) });
}

function wordsOf(status: number): string {
  const isRedirect = status >= 300 && status < 400;
  return isRedirect ? `it answered ${status}: redirects are not followed` : `it answered ${status}`;
}

/** The system's code alone, such as ECONNREFUSED: the message may have the address in it. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
  return code ? `it cannot be reached (${code})` : 'it cannot be reached';
}
