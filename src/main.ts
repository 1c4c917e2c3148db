/** npm start: everything in one process, with an embedded Temporal server. */
import { runProgram } from './program/program.ts';
import { runReplay } from './replay/program.ts';
import { runTrading } from './trading/program.ts';

await runProgram((program) => {
  const { brokers } = program.config;
  return brokers === null ? runReplay(program) : runTrading(program, brokers);
});
