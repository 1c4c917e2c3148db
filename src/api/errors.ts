/** The one place where a failure becomes an answer: `{error: {code, message, details?}}`. */
import { randomUUID } from 'node:crypto';
import {
  isGrpcDeadlineError,
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { HTTPException } from 'hono/http-exception';
import { CalendarError } from '../domain/calendar/index.ts';
import { AppError, BrokerError } from '../errors.ts';
import type { ApiLogger } from './deps.ts';
import { explainBroker, isDatabaseAway } from './outages.ts';
import { refusalDetails } from './refusal-details.ts';
import { isRefusalCode, refuse } from './refusals.ts';

export type ErrorBody = { error: { code: string; message: string; details?: Record<string, unknown> } };

/** gRPC codes that say "not now" and never "done": CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, UNAVAILABLE. */
const AWAY_CODES = new Set([1, 4, 8, 9, 10, 14]);
const UNAVAILABLE = 14;

/** What an error means to a caller of the API, or null for a defect of ours. */
export function explain(error: unknown): AppError | null {
  if (error instanceof BrokerError) return explainBroker(error);
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException) return explainHttp(error);
  if (error instanceof CalendarError) return refuse('unknown_date', error.message);
  if (isDatabaseAway(error)) {
    return refuse('journal_unavailable', "The journal's database does not answer. Check /health and try again.");
  }
  if (error instanceof WorkflowUpdateFailedError) return explainRefusal(error.cause);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return refuse(
      'worker_away',
      'Nobody confirmed the command in time. It has expired and will not be carried out. Check /health and send it again.',
    );
  }
  if (error instanceof WorkflowNotFoundError) {
    return refuse('no_day', 'No trading day is open. Log in first: GET /live/auth/login-url.');
  }
  return explainGrpc(error);
}

function explainHttp(error: HTTPException): AppError {
  if (error.status === 415) return refuse('malformed', 'Send JSON, with the header Content-Type: application/json.');
  if (error.status === 413) return refuse('too_large', 'The request is larger than any command needs to be.');
  return refuse('malformed', 'The body is no JSON. Send a JSON object, such as {}.');
}

/** What the day itself refused: its reasons are codes of the API as well. */
function explainRefusal(cause: Error | undefined): AppError | null {
  if (!(cause instanceof ApplicationFailure) || !cause.type || !isRefusalCode(cause.type)) return null;
  const [details] = cause.details ?? [];
  const known = typeof details === 'object' && details !== null ? refusalDetails({ ...details }) : undefined;
  return refuse(cause.type, sentence(cause.message), known);
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? '' : '.'}`;
}

function explainGrpc(error: unknown): AppError | null {
  if (isGrpcDeadlineError(error)) {
    return refuse('worker_away', 'The day did not answer in time: its worker is away or busy. Check /health.');
  }
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  if (!isGrpcServiceError(cause) || !AWAY_CODES.has(cause.code)) return null;
  return cause.code === UNAVAILABLE
    ? refuse('temporal_away', 'The Temporal server cannot be reached. Check /health.')
    : refuse('worker_away', 'The day cannot be asked at the moment. Check /health and try again.');
}

/** Status and body of an answer to any failure. A defect gets an id that is in the log, and nothing of its own words. */
export function errorAnswer(error: unknown, logger: ApiLogger): { status: number; body: ErrorBody } {
  const known = explain(error);
  if (known) {
    return {
      status: known.httpStatus,
      body: {
        error: { code: known.code, message: known.message, ...(known.details ? { details: known.details } : {}) },
      },
    };
  }
  const id = randomUUID();
  logger.error(
    { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
    'request failed',
  );
  return {
    status: 500,
    body: { error: { code: 'internal', message: `Something went wrong here. It is in the log under ${id}.` } },
  };
}

type Issue = { code: string; path: PropertyKey[]; message: string; keys?: string[] };

/** 400 for what is not the request's shape, 422 for a value that cannot be. */
export function malformed(issues: readonly Issue[]): AppError {
  const details = { problems: issues.map((issue) => ({ field: fieldOf(issue), problem: issue.message })) };
  const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? (issue.keys ?? []) : []));
  if (unknown.length > 0) {
    return refuse('unknown_field', `Unknown field: ${unknown.join(', ')}. Leave it out or correct it.`, details);
  }
  const words = issues.map((issue) => `${fieldOf(issue) || 'the body'}: ${issue.message}`).join('; ');
  return issues.some((issue) => issue.code === 'invalid_type')
    ? refuse('malformed', `${words}.`, details)
    : refuse('invalid_value', `${words}.`, details);
}

function fieldOf(issue: Issue): string {
  return issue.path.map(String).join('.');
}
