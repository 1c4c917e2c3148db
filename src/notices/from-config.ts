import type { Config } from '../config/config.ts';
import type { NoticeChannel } from './channel.ts';
import { createWebhookChannel } from './webhook.ts';

/** The channels beside the log, in the order in which they are tried. */
export function channelsOf({ notices }: Pick<Config, 'notices'>): NoticeChannel[] {
  return notices.webhook ? [createWebhookChannel(notices.webhook)] : [];
}

/** Nobody reads a log at 15:14. */
export const LOG_ALONE =
  'Pages reach nobody who does not read this log: set NOTICE_WEBHOOK_URL and NOTICE_WEBHOOK_SECRET (docs/notices.md).';
