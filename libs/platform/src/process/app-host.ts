import { hostname } from 'node:os';
import { Gauge, Registry } from 'prom-client';
import type { LogLevel } from '../env/shapes.js';
import { createLogger } from '../logging/create-logger.js';
import type { AppHost } from './app.js';

/** Of every workspace; they are released together. */
export const productVersion = '0.1.0';

export interface AppHostOptions {
  readonly name: string;
  readonly sharesProcess: boolean;
  /** Default: host name and pid. */
  readonly instance?: string;
  readonly logLevel?: LogLevel;
  /** Where log lines go. Default standard output. */
  readonly logDestination?: NodeJS.WritableStream;
}

/** What an app needs to run; whoever runs several in one process makes one for each. */
export function createAppHost(options: AppHostOptions): AppHost {
  const instance = options.instance ?? `${hostname()}:${process.pid}`;
  const metrics = new Registry();
  metrics.setDefaultLabels({ service: options.name });
  new Gauge({
    name: 'chorda_build_info',
    help: 'The running version, as a label; the value is always 1.',
    labelNames: ['version', 'node'],
    registers: [metrics],
  }).set({ version: productVersion, node: process.version }, 1);
  return {
    logger: createLogger({
      service: options.name,
      version: productVersion,
      instance,
      ...(options.logLevel && { level: options.logLevel }),
      ...(options.logDestination && { destination: options.logDestination }),
    }),
    metrics,
    sharesProcess: options.sharesProcess,
    instance,
  };
}
