import type { Notice } from '../contract/notices.ts';

/** A way to the owner. */
export interface NoticeChannel {
  /** As `/health` and the log call it. */
  readonly name: string;
  /** Ends when the receiver has taken the notice. Throws ChannelError when it has not; no later than its own bound, or the signal. */
  deliver(notice: Notice, signal: AbortSignal): Promise<void>;
}

/**
 * A notice was not taken. The message is shown by `/health` to anybody: no address, no secret, no words of the receiver.
 * `unreachable`: the next notice would fare no better now. Otherwise the receiver answered, and refused this one.
 */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';
  readonly unreachable: boolean;

  constructor(message: string, unreachable: boolean) {
    super(message);
    this.unreachable = unreachable;
  }
}
