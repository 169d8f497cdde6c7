import type { LogFields, Logger } from '@chorda/kernel';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import winston from 'winston';
import type { LogLevel } from '../env/shapes.js';
import { redactText, redactValue } from './redaction.js';

export interface LoggerOptions {
  /** `service.name` of every line. */
  readonly service: string;
  readonly version?: string;
  /** `service.instance.id` of every line. */
  readonly instance?: string;
  /** Default 'info'. */
  readonly level?: LogLevel;
  /** Where lines go. Default standard output. */
  readonly destination?: NodeJS.WritableStream;
}

/**
 * One JSON line per call, with the names of `docs/logging.md`. Line breaks in what is logged are escaped by JSON, so a
 * caller's text cannot forge a line. Secrets and payloads are taken out by key and by pattern.
 */
export function createLogger(options: LoggerOptions): Logger {
  const stamp = stampOf(options);
  const sink = winston.createLogger({
    level: options.level ?? 'info',
    format: winston.format.printf((info) => JSON.stringify(info['line'])),
    transports: [
      options.destination
        ? new winston.transports.Stream({ stream: options.destination })
        : new winston.transports.Console({ stderrLevels: [] }),
    ],
    exitOnError: false,
  });
  return new WinstonLogger(sink, stamp, {});
}

function stampOf(options: LoggerOptions): LogFields {
  return {
    'service.name': options.service,
    ...(options.version && { 'service.version': options.version }),
    ...(options.instance && { 'service.instance.id': options.instance }),
  };
}

class WinstonLogger implements Logger {
  constructor(
    private readonly sink: winston.Logger,
    private readonly stamp: LogFields,
    private readonly bound: LogFields,
  ) {}

  debug(message: string, fields?: LogFields): void {
    this.write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.write('error', message, fields);
  }

  child(fields: LogFields): Logger {
    return new WinstonLogger(this.sink, this.stamp, { ...this.bound, ...fields });
  }

  private write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.sink.isLevelEnabled(level)) return;
    // The reserved names come last, so no field can pass for the service, the level or the time of a line.
    const line = {
      timestamp: new Date().toISOString(),
      level,
      message: redactText(message),
      ...traceFields(),
      ...cleanFields({ ...this.bound, ...fields }),
      ...this.stamp,
    };
    this.sink.log({ level, message: '', line });
  }
}

const reserved = new Set(['timestamp', 'level', 'message']);

function cleanFields(fields: LogFields): Record<string, unknown> {
  const clean = redactValue(withErrors(fields));
  const named: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(clean as Record<string, unknown>)) {
    named[reserved.has(key) ? `field.${key}` : key] = value;
  }
  return named;
}

/** An Error in `error` becomes the names of OpenTelemetry, its causes included, so that lines can be searched by them. */
function withErrors(fields: LogFields): LogFields {
  const { error, ...rest } = fields;
  if (!(error instanceof Error)) return fields;
  const code = 'code' in error ? error.code : undefined;
  return {
    ...rest,
    'error.type': error.name,
    ...(code !== undefined && { 'error.code': code }),
    'error.message': error.message,
    ...(error.stack && { 'error.stack': error.stack }),
    ...(error.cause !== undefined && { 'error.cause': causeText(error.cause) }),
  };
}

function causeText(cause: unknown): string {
  const texts: string[] = [];
  for (
    let next = cause;
    next !== undefined && texts.length < 5;
    next = next instanceof Error ? next.cause : undefined
  ) {
    texts.push(next instanceof Error ? `${next.name}: ${next.message}` : String(next));
  }
  return texts.join(' <- ');
}

function traceFields(): Record<string, unknown> {
  const span = trace.getActiveSpan()?.spanContext();
  if (!span || !isSpanContextValid(span)) return {};
  return { trace_id: span.traceId, span_id: span.spanId, trace_flags: span.traceFlags.toString(16).padStart(2, '0') };
}
