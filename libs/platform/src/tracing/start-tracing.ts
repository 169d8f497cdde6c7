import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';

export interface TracingOptions {
  readonly service: string;
  readonly version?: string;
  readonly instance?: string;
  /** Base of an OTLP/HTTP collector; spans go to `<endpoint>/v1/traces`. Left out: spans are made and go nowhere. */
  readonly otlpEndpoint?: string;
  /** The whole URL, which wins over `otlpEndpoint`. */
  readonly otlpTracesEndpoint?: string;
  /** Share of traces that begin here and are sampled, 0 to 1. Default 1. */
  readonly sampledShare?: number;
  /** Keeps finished spans in memory; for tests. */
  readonly inMemory?: InMemorySpanExporter;
}

export interface Tracing {
  /** Sends what waits and stops; the global tracer makes nothing from then on. */
  stop(): Promise<void>;
}

/**
 * Sets up tracing for the whole process, once: W3C `traceparent` in and out, context that follows async calls. Without
 * an exporter span ids still exist, so logs and Kafka headers of one request carry one trace id.
 */
export function startTracing(options: TracingOptions): Tracing {
  const contextManager = new AsyncLocalStorageContextManager().enable();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.service,
      ...(options.version && { 'service.version': options.version }),
      ...(options.instance && { 'service.instance.id': options.instance }),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampledShare ?? 1) }),
    spanProcessors: processorsOf(options),
  });
  context.setGlobalContextManager(contextManager);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    stop: async () => {
      await provider.shutdown();
      trace.disable();
      propagation.disable();
      context.disable();
    },
  };
}

function processorsOf(options: TracingOptions): SpanProcessor[] {
  const processors: SpanProcessor[] = [];
  const base = options.otlpEndpoint?.replace(/\/$/, '');
  const url = options.otlpTracesEndpoint ?? (base && `${base}/v1/traces`);
  if (url) processors.push(new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) }));
  if (options.inMemory) processors.push(new SimpleSpanProcessor({ exporter: options.inMemory }));
  return processors;
}

export { InMemorySpanExporter };
