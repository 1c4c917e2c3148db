/** Between values and the server's payloads, as the SDK's worker converts them. */
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

export type Payload = temporal.api.common.v1.IPayload;
export type Failure = temporal.api.failure.v1.IFailure;

export const toPayload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value) as Payload;

export function fromPayload(payload: Payload | null | undefined): unknown {
  return payload ? defaultPayloadConverter.fromPayload(payload as never) : undefined;
}

export const failureOf = (error: unknown): Failure =>
  defaultFailureConverter.errorToFailure(error, defaultPayloadConverter) as Failure;

export const errorOf = (failure: Failure): Error =>
  defaultFailureConverter.failureToError(failure as never, defaultPayloadConverter);

export const bytesOf = (payloads: readonly Payload[] | null | undefined): number =>
  (payloads ?? []).reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
