/** npm start: everything in one process, with an embedded Temporal server. */
import { runProgram } from './runtime/program.ts';
import { runReplay } from './runtime/run-replay.ts';
import { runTrading } from './runtime/run-trading.ts';

await runProgram((program) => {
  const { brokers } = program.config;
  return brokers === null ? runReplay(program) : runTrading(program, brokers);
});
