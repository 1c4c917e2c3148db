import type { Notice } from '../contract/notices.ts';
import type { NoticeChannel } from './channel.ts';

export type NoticeLog = {
  info(data: object, text: string): void;
  warn(data: object, text: string): void;
  error(data: object, text: string): void;
};

/** The channel that is always there. `owner: true` marks the lines that are meant for the owner. */
export function createLogChannel(log: NoticeLog): NoticeChannel & { write(notice: Notice): void } {
  const write = ({ id, kind, cause, text }: Notice) => {
    const data = { owner: true, notice: id, cause };
    if (kind === 'raised' || kind === 'repeated') log.error(data, text);
    else log.warn(data, text);
  };
  return { name: 'log', write, deliver: async (notice) => write(notice) };
}
