import { collectDefaultMetrics, Registry } from 'prom-client';
import { z } from 'zod';
import { EnvironmentError } from '../env/environment-error.js';
import { readEnv } from '../env/read-env.js';
import { loggingEnv, metricsEnv, processEnv, tracingEnv } from '../env/shapes.js';
import { startMetricsServer, type MetricsServer } from '../metrics/metrics-server.js';
import { startTracing, type Tracing } from '../tracing/start-tracing.js';
import { createAppHost, productVersion } from './app-host.js';
import type { AppHost, RunningApp, StartApp } from './app.js';

const schema = z.object({ ...loggingEnv, ...metricsEnv, ...tracingEnv, ...processEnv });
type Env = z.infer<typeof schema>;

const lastWordMsMax = 1_000;

/**
 * Runs one app as this process: logger, tracing, the metrics server, then the app.
 *
 * - SIGTERM or SIGINT: readiness says draining, the app stops within `CHORDA_DRAIN_TIMEOUT_MS`, exit 0 (1 if it did
 *   not stop in time).
 * - A second signal: exit at once with 130.
 * - An error that nobody handled: one log line, a last word of the app, exit 1. Going on would mean going on with a
 *   state that nobody has thought of.
 * - The app does not start: its reason on standard error, exit 1 (78 when the environment is at fault).
 */
export async function runAsProcess(name: string, start: StartApp): Promise<void> {
  const env = envOrExit();
  const host = createAppHost({
    name,
    sharesProcess: false,
    logLevel: env.LOG_LEVEL,
    ...(env.CHORDA_INSTANCE && { instance: env.CHORDA_INSTANCE }),
  });
  const running = new RunningProcess(env, host);
  running.watch();
  await running.start(name, start);
}

function envOrExit(): Env {
  try {
    return readEnv(schema);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(78);
  }
}

class RunningProcess {
  private app: RunningApp | undefined;
  private server: MetricsServer | undefined;
  private tracing: Tracing | undefined;
  private stopping = false;
  private dying = false;

  constructor(
    private readonly env: Env,
    private readonly host: AppHost,
  ) {}

  watch(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.onSignal(signal));
    process.on('uncaughtException', (error) => this.onCrash(error));
    process.on('unhandledRejection', (reason) => {
      this.onCrash(reason instanceof Error ? reason : new Error(`Rejected with ${String(reason)}`));
    });
  }

  async start(name: string, start: StartApp): Promise<void> {
    const processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
    processMetrics.setDefaultLabels({ service: name });
    this.tracing = startProcessTracing(this.env, name, this.host.instance);
    try {
      this.server = await startMetricsServer({
        host: this.env.CHORDA_LISTEN_HOST,
        port: this.env.METRICS_PORT,
        registries: [this.host.metrics, processMetrics],
        notReady: async () => {
          if (this.stopping) return ['draining'];
          return (await this.app?.notReady()) ?? ['starting'];
        },
      });
      this.app = await start(process.env, this.host);
    } catch (error) {
      return this.onFailedStart(error);
    }
    // A signal that came during the start found no app to stop.
    if (this.stopping) return this.stop();
    this.host.logger.info('Started', { url: this.app.url, metrics_url: this.server.url });
  }

  private onSignal(signal: NodeJS.Signals): void {
    if (this.stopping) process.exit(130);
    this.stopping = true;
    this.host.logger.info('Stopping', { signal });
    if (this.app) void this.stop();
  }

  private async stop(): Promise<void> {
    const timer = setTimeout(() => {
      this.host.logger.error('Did not stop in time', { timeout_ms: this.env.CHORDA_DRAIN_TIMEOUT_MS });
      exitAfterOutput(1);
    }, this.env.CHORDA_DRAIN_TIMEOUT_MS);
    let exitCode = 0;
    try {
      await this.app?.stop();
      await this.server?.close();
      await this.tracing?.stop();
      this.host.logger.info('Stopped');
    } catch (error) {
      exitCode = 1;
      this.host.logger.error('Stopped with a fault', { error });
    }
    clearTimeout(timer);
    exitAfterOutput(exitCode);
  }

  private onFailedStart(error: unknown): void {
    if (error instanceof EnvironmentError) {
      process.stderr.write(`${error.message}\n`);
      return exitAfterOutput(78);
    }
    this.host.logger.error('Could not start', { error });
    exitAfterOutput(1);
  }

  private onCrash(error: Error): void {
    if (this.dying) return;
    this.dying = true;
    this.host.logger.error('Crashed', { error });
    const lastWord = this.app?.crashed?.(error).catch(() => undefined) ?? Promise.resolve();
    const timer = setTimeout(() => exitAfterOutput(1), lastWordMsMax);
    void lastWord.then(() => {
      clearTimeout(timer);
      exitAfterOutput(1);
    });
  }
}

function startProcessTracing(env: Env, name: string, instance: string): Tracing | undefined {
  if (env.OTEL_SDK_DISABLED) return undefined;
  return startTracing({
    service: env.OTEL_SERVICE_NAME ?? name,
    version: productVersion,
    instance,
    sampledShare: env.OTEL_TRACES_SAMPLER_ARG,
    ...(env.OTEL_EXPORTER_OTLP_ENDPOINT && { otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT }),
    ...(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT && { otlpTracesEndpoint: env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT }),
  });
}

/** Standard output may be a pipe, whose writes are asynchronous: the last line must be out before the end. */
function exitAfterOutput(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.exit(code));
}
