/** npm start: everything in one process, with an embedded Temporal server. */
import { AppError } from './errors.ts';
import { runProgram } from './program/program.ts';
import { runReplay } from './replay/program.ts';

await runProgram(async (program) => {
  const { mode } = program.config;
  if (mode !== 'replay') {
    throw notYet(
      `TRADING_MODE=${mode} is not part of this version: it trades replayed days only. Leave TRADING_MODE out, or set it to replay.`,
    );
  }
  await runReplay(program);
});

function notYet(message: string): AppError {
  return new AppError({ code: 'not_supported', message, httpStatus: 500, retryable: false });
}
