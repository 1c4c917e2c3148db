import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { freePort, LOOPBACK, portIsFree } from '../platform/ports.ts';
import { registerSearchAttributes } from './attributes.ts';
import { findProgram } from './binaries.mjs';
import { connectTemporal, type TemporalAccess, type TemporalClient } from './client.ts';
import { commandLineOf, endProcess, isRunning, processesWith } from './processes.ts';
import { serveWebUi, type WebUi } from './web-ui.ts';

export type TemporalServer = {
  address: string;
  /** The web UI, null on a server that is not ours: its address is not known. */
  uiUrl: string | null;
  /** How it was found, for the log. */
  origin: 'given' | 'adopted' | 'started';
  /** From now on the embedded server is started again when it has died, on the same port: clients find it there by themselves. */
  keepAlive(complain: (text: string) => void): void;
  /** Ends the embedded server; leaves a given one alone. */
  stop(): Promise<void>;
};

export type TemporalServerOptions = {
  dataDir: string;
  namespace: string;
  /** A server that runs already (TEMPORAL_ADDRESS), null to run one here. */
  address: string | null;
  access?: TemporalAccess;
  /** Where the web UI is for a browser; its own port is a private one. */
  uiPort: number;
  /** The environment, for TEMPORAL_BINARY and PATH. */
  env: Record<string, string | undefined>;
};

const USUAL_PORT = 7233;
/** Another program may take any of a server's ports between the look and its start. */
const FIRST_PORTS = [USUAL_PORT, 'any', 'any', 'any'] as const;
const SERVING_WITHIN_MS = 30_000;
const ENDED = 'ended at once';
const NOT_SERVING = `does not serve within ${SERVING_WITHIN_MS / 1_000} s`;
const LOOK_MS = 1_000;
const GRACE_MS = 10_000;
/** A week's days are still in the web UI after it; the development server's own default is one day. */
const RETENTION_MS = 30 * 86_400_000;

const Running = z.object({ pid: z.number(), port: z.number(), privateUiPort: z.number() });
type Running = z.infer<typeof Running>;

/**
 * A Temporal server that serves: the given one, the one that an earlier process of this DATA_DIR left running, or a new
 * one with its database in DATA_DIR. Call it while holding DATA_DIR: two servers on one database lose data.
 * The embedded server outlives this process's death, so that a day's timers go on.
 * Throws AppError: `temporal_unavailable`, `temporal_missing`, `port_busy`, `search_attributes_missing`.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const { address, namespace } = options;
  if (address !== null) {
    const temporal = await connectTemporal({
      address,
      namespace,
      ...(options.access ? { access: options.access } : {}),
    });
    await registerSearchAttributes(temporal.connection, namespace).finally(temporal.close);
    return { address, uiUrl: null, origin: 'given', keepAlive: () => {}, stop: async () => {} };
  }
  // Before anything runs: a start that cannot succeed leaves nothing behind.
  const webUi = await serveWebUi(options.uiPort);
  try {
    return await startEmbedded(options, webUi);
  } catch (error) {
    await webUi.close();
    throw error;
  }
}

async function startEmbedded(options: TemporalServerOptions, webUi: WebUi): Promise<TemporalServer> {
  const { namespace } = options;
  const dataDir = resolve(options.dataDir);
  const record = join(dataDir, 'temporal.json');
  const adopted = await adopt(record, dataDir, namespace);
  let running = adopted ?? (await start(options, dataDir, record, FIRST_PORTS));
  webUi.leadTo(running.privateUiPort);
  let looking: NodeJS.Timeout | undefined;
  let reviving: Promise<void> | null = null;
  const stop = async () => {
    clearInterval(looking);
    await reviving;
    await webUi.close();
    await endProcess(running.pid, GRACE_MS);
    await rm(record, { force: true });
  };
  try {
    await prepare(running, namespace);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address: `${LOOPBACK}:${running.port}`,
    uiUrl: webUi.url,
    origin: adopted ? 'adopted' : 'started',
    keepAlive(complain) {
      const revive = async () => {
        complain('The Temporal server has died. It is started again.');
        running = await start(options, dataDir, record, [running.port]);
        webUi.leadTo(running.privateUiPort);
      };
      looking = setInterval(() => {
        if (reviving || isRunning(running.pid)) return;
        reviving = revive()
          .catch((error: unknown) => complain(error instanceof Error ? error.message : String(error)))
          .finally(() => {
            reviving = null;
          });
      }, LOOK_MS);
    },
    stop,
  };
}

/** The recorded server, if that process is still ours and serves; any other on this database is ended. */
async function adopt(record: string, dataDir: string, namespace: string): Promise<Running | null> {
  const recorded = Running.safeParse(await readJson(record)).data;
  for (const pid of await processesWith(...databaseArguments(dataDir))) {
    if (recorded?.pid === pid && (await stillServes(recorded, namespace, dataDir))) return recorded;
    await endProcess(pid, GRACE_MS);
  }
  return null;
}

/** One that is just dying has its port open for a moment, and then another's server may be the one that answers there. */
async function stillServes(running: Running, namespace: string, dataDir: string): Promise<boolean> {
  if (await portIsFree(running.port)) return false;
  const temporal = await whenServing(running, namespace);
  await temporal?.close();
  return temporal !== null && (await processesWith(...databaseArguments(dataDir))).includes(running.pid);
}

async function start(
  options: TemporalServerOptions,
  dataDir: string,
  record: string,
  ports: readonly (number | 'any')[],
): Promise<Running> {
  const { path, tried } = findProgram('temporal', options.env);
  if (path === null) {
    throw new AppError({
      code: 'temporal_missing',
      message: `The Temporal server is missing (${tried.join('; ')}). \`npm start\` fetches it; or set TEMPORAL_BINARY or TEMPORAL_ADDRESS.`,
      httpStatus: 503,
      retryable: false,
    });
  }
  await mkdir(dataDir, { recursive: true });
  for (const wanted of ports) {
    const port = wanted === 'any' ? await freePort() : wanted;
    if (!(await portIsFree(port))) continue;
    const [ownPort, privateUiPort] = [await freePort(), await freePort()];
    const pid = await spawnServer(path, dataDir, [
      ...['--ip', LOOPBACK, '--port', String(port), '--ui-port', String(privateUiPort)],
      ...['--http-port', String(ownPort), '--namespace', options.namespace],
    ]);
    const running = { pid, port, privateUiPort };
    await writeFile(`${record}.new`, `${JSON.stringify(running)}\n`);
    await rename(`${record}.new`, record);
    const temporal = (await servesAt(ownPort, pid)) ? await whenServing(running, options.namespace) : null;
    await temporal?.close();
    if (temporal) return running;
  }
  throw unavailable(ENDED);
}

/** A group of its own: the terminal's Ctrl-C must not reach it before the worker has finished. Answers its process id. */
async function spawnServer(path: string, dataDir: string, where: string[]): Promise<number> {
  const log = await open(join(dataDir, 'temporal.log'), 'a');
  const child = spawn(
    path,
    [
      ...['server', 'start-dev', ...databaseArguments(dataDir), ...where],
      // Without it every timer fires half a second late.
      ...['--dynamic-config-value', 'history.timerProcessorMaxTimeShift="1ms"', '--log-level', 'error'],
      // Its HTTP API asks for no password, and any web page can post to it: it answers to a name that nobody knows.
      ...['--dynamic-config-value', `frontend.httpAllowedHosts=["${randomUUID()}.invalid"]`],
    ],
    { detached: true, stdio: ['ignore', log.fd, log.fd], cwd: dataDir },
  );
  child.unref();
  return new Promise<number>((ready, failed) => {
    child.once('error', failed);
    child.once('spawn', () => ready(child.pid ?? 0));
  }).finally(() => log.close());
}

/**
 * Two programs that start at the same moment both find the usual port free, and the one whose server lost it would be answered by
 * the other's. The port of its HTTP interface nobody else knows, and it opens after the usual one. False when the server has ended.
 */
async function servesAt(httpPort: number, pid: number): Promise<boolean> {
  const deadline = performance.now() + SERVING_WITHIN_MS;
  while (performance.now() < deadline) {
    // Whatever it answers; a probe that listened there itself could take the port away.
    const answer = await fetch(`http://${LOOPBACK}:${httpPort}/`).catch(() => null);
    await answer?.body?.cancel();
    if (answer) return true;
    if ((await commandLineOf(pid)) === null) return false;
    await sleep(50);
  }
  await endProcess(pid, GRACE_MS);
  throw unavailable(NOT_SERVING);
}

function unavailable(how: string, cause?: unknown): AppError {
  return new AppError({
    code: 'temporal_unavailable',
    message: `The Temporal server ${how}; its own words are in temporal.log in the data folder.`,
    httpStatus: 503,
    retryable: true,
    cause,
  });
}

async function prepare(running: Running, namespace: string): Promise<void> {
  const temporal = await whenServing(running, namespace);
  if (temporal === null) throw unavailable(ENDED);
  try {
    const { connection } = temporal;
    await registerSearchAttributes(connection, namespace);
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    if (tsToMs(config?.workflowExecutionRetentionTtl) === RETENTION_MS) return;
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: msToTs(RETENTION_MS) },
    });
  } finally {
    await temporal.close();
  }
}

/** Null when the server has ended. */
async function whenServing(running: Running, namespace: string): Promise<TemporalClient | null> {
  const deadline = performance.now() + SERVING_WITHIN_MS;
  for (;;) {
    try {
      const temporal = await connectTemporal({
        address: `${LOOPBACK}:${running.port}`,
        namespace,
        connectTimeoutMs: 2_000,
      });
      try {
        // The port answers a moment before the namespace is there.
        await temporal.connection.workflowService.describeNamespace({ namespace });
        return temporal;
      } catch (error) {
        await temporal.close();
        throw error;
      }
    } catch (cause) {
      if ((await commandLineOf(running.pid)) === null) return null;
      if (performance.now() > deadline) throw unavailable(NOT_SERVING, cause);
      await sleep(100);
    }
  }
}

/** Named by its database: that is what tells our server from any other. */
function databaseArguments(dataDir: string): string[] {
  return ['--db-filename', join(dataDir, 'temporal.db')];
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}
