import { Inject, Injectable } from '@nestjs/common';
import { context, propagation, ROOT_CONTEXT, type Context } from '@opentelemetry/api';
import { encodePosition, EventCodec, type EventEnvelope } from '@chorda/contracts';
import { BackboneError, type Logger } from '@chorda/kernel';
import type { OutgoingRecord, Producer, RecordPlace } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import { GatewayMetrics } from '../gateway.metrics.js';
import { gatewayLogger, gatewayProducer } from '../gateway.tokens.js';
import { Problem, problemMembers } from '../http/problem.js';
import { acceptEvent, type Sender } from './accept-event.js';
import { AppendPace } from './append-pace.js';
import type { UncheckedEvent } from './cloud-event-request.js';

/** Events of one key that are on their way at once; the next ones wait for these, so an uncertain one holds them back. */
const keyWaveMax = 100;
/** A wave travels as one batch of the producer, whose bound this is, so that it is kept or lost as one. */
const keyWaveBytesMax = 200 * 1024;

/**
 * What became of one event. `logged`: all in-sync replicas have it. `valid`: it would be sent, were this no dry run.
 * `refused`: it has no effect. `unknown`: it may appear. `not_attempted`: it was not sent, because an earlier event of
 * its key ended unknown, or because another one is refused and all were to be valid.
 */
export type ItemResult =
  | { readonly status: 'logged'; readonly id: string; readonly source: string; readonly place: RecordPlace }
  | { readonly status: 'valid'; readonly id: string; readonly topic: string; readonly partition: number }
  | {
      readonly status: 'refused' | 'unknown' | 'not_attempted';
      readonly id: string | undefined;
      readonly problem: Problem;
    };

/** How the events of one request are to be treated. */
export interface AppendOptions {
  /** `all`: nothing is sent unless every event is valid. Their appends are still one each. */
  readonly validate: 'each' | 'all';
  readonly isDryRun: boolean;
  /** Place of the first event in its request, where that comes in parts. */
  readonly firstIndex?: number;
  /** Keys of which an earlier event of the request ended unknown: it is added to, and looked at. */
  readonly heldKeys?: Set<string>;
}

type Refused = Extract<ItemResult, { problem: Problem }>;

interface Ready {
  readonly index: number;
  readonly envelope: EventEnvelope;
  readonly record: OutgoingRecord;
  /** The trace that the event brought; left out: the request's. */
  readonly trace: Context | undefined;
}

@Injectable()
export class IngestService {
  constructor(
    @Inject(gatewayProducer) private readonly producer: Producer,
    private readonly codec: EventCodec,
    private readonly pace: AppendPace,
    private readonly metrics: GatewayMetrics,
    @Inject(gatewayLogger) private readonly logger: Logger,
  ) {}

  /** One result for each event, in their order. Resolves when the brokers have answered for all of them. */
  async append(
    events: readonly UncheckedEvent[],
    sender: Sender,
    options: AppendOptions = { validate: 'each', isDryRun: false },
  ): Promise<readonly ItemResult[]> {
    const { firstIndex = 0, heldKeys } = options;
    const prepared = events.map((event, index) => this.prepare(event, index, firstIndex, sender));
    if (options.isDryRun) return prepared.map(asDryRun);
    const isToBeSent = options.validate === 'each' || prepared.every((each) => !('problem' in each));
    const admission = isToBeSent
      ? sender.admitEvents(prepared.filter((each) => !('problem' in each)).length)
      : undefined;
    if (admission !== undefined) await admission;
    const ticket = this.pace.begin();
    try {
      const results = await this.sendAll(prepared, options, heldKeys);
      this.count(results);
      return results;
    } finally {
      this.pace.end(ticket);
    }
  }

  private async sendAll(
    prepared: readonly (Ready | Refused)[],
    { validate }: AppendOptions,
    heldKeys: Set<string> = new Set(),
  ): Promise<readonly ItemResult[]> {
    const [only] = prepared;
    // Most requests bring one event, and then there is no order to keep.
    if (only !== undefined && prepared.length === 1 && heldKeys.size === 0)
      return [await this.sendOnly(only, heldKeys)];
    if (validate === 'all' && prepared.some((each) => 'problem' in each)) return prepared.map(leftOut);
    const results: ItemResult[] = [];
    const chains = new Map<string, Ready[]>();
    prepared.forEach((each, index) => {
      if ('problem' in each) results[index] = each;
      else {
        const key = keyOf(each);
        const chain = chains.get(key);
        if (chain === undefined) chains.set(key, [each]);
        else chain.push(each);
      }
    });
    await Promise.all([...chains].map(([key, chain]) => this.sendChain(key, chain, results, heldKeys)));
    return results;
  }

  private async sendOnly(only: Ready | Refused, heldKeys: Set<string>): Promise<ItemResult> {
    if ('problem' in only) return only;
    const result = await this.send(only);
    if (isUncertain(result)) heldKeys.add(keyOf(only));
    return result;
  }

  private prepare(event: UncheckedEvent, index: number, firstIndex: number, sender: Sender): Ready | Refused {
    if (event.problem !== undefined) return { status: 'refused', id: undefined, problem: event.problem };
    const accepted = acceptEvent(event, firstIndex + index, sender);
    if (!accepted.ok) return { status: 'refused', id: accepted.id, problem: accepted.problem };
    try {
      const { topic, key, partition, value, headers } = this.codec.encode(accepted.envelope);
      const trace = ownTrace(accepted.envelope, sender);
      return { index, envelope: accepted.envelope, record: { topic, key, partition, value, headers }, trace };
    } catch (error) {
      return { status: 'refused', id: accepted.envelope.metadata.id, problem: unencodable(error, event) };
    }
  }

  /** Events of one key, in order. All of a wave are handed over at once: the producer keeps a key's records in order. */
  private async sendChain(
    key: string,
    chain: readonly Ready[],
    results: ItemResult[],
    heldKeys: Set<string>,
  ): Promise<void> {
    let at = 0;
    while (at < chain.length && !heldKeys.has(key)) {
      const wave = nextWave(chain, at);
      at += wave.length;
      const sent = await Promise.all(wave.map((ready) => this.send(ready)));
      for (const [index, result] of sent.entries()) results[wave[index]?.index ?? 0] = result;
      if (sent.some(isUncertain)) heldKeys.add(key);
    }
    for (const { index, envelope } of chain.slice(at)) {
      const detail = 'An earlier event of this key was not acknowledged, so this one was not sent';
      const problem = new Problem('NOT_ATTEMPTED', detail);
      results[index] = { status: 'not_attempted', id: envelope.metadata.id, problem };
    }
  }

  private async send({ envelope, record, trace }: Ready): Promise<ItemResult> {
    const { id, source } = envelope.metadata;
    try {
      const send = () => this.producer.send(record);
      const sending = trace === undefined ? send() : context.with(trace, send);
      crashPoint('gateway-batch-in-hand');
      const place = await sending;
      crashPoint('gateway-acknowledged-unanswered');
      return { status: 'logged', id, source, place };
    } catch (error) {
      const { status, problem } = this.failureOf(error);
      return { status, id, problem };
    }
  }

  private failureOf(error: unknown): { status: 'refused' | 'unknown' | 'not_attempted'; problem: Problem } {
    const code = error instanceof BackboneError ? error.code : '';
    const notSent = (problem: Problem) => ({ status: 'not_attempted' as const, problem });
    switch (code) {
      case 'RECORD_TOO_LARGE':
        return {
          status: 'refused',
          problem: new Problem('RECORD_TOO_LARGE', 'The event is larger than the log takes'),
        };
      case 'PRODUCER_QUEUE_FULL':
        return notSent(new Problem('OVERLOADED', 'Too many events wait for the brokers'));
      case 'PRODUCER_CLOSED':
        return notSent(new Problem('STOPPING', 'This instance is stopping'));
      case 'BROKER_UNAVAILABLE':
        return notSent(new Problem('UNAVAILABLE', 'No broker could be reached'));
      default:
        this.logger.warn('An event was not acknowledged', { error });
        return {
          status: 'unknown',
          problem: new Problem('DELIVERY_UNKNOWN', 'Not acknowledged in time: the event may appear, at most once'),
        };
    }
  }

  private count(results: readonly ItemResult[]): void {
    const [only] = results;
    if (only !== undefined && results.length === 1) {
      this.metrics.ingestedEvents.inc({ result: only.status });
      return;
    }
    const totals = new Map<string, number>();
    for (const { status } of results) totals.set(status, (totals.get(status) ?? 0) + 1);
    for (const [result, total] of totals) this.metrics.ingestedEvents.inc({ result }, total);
  }
}

function keyOf({ record, envelope }: Ready): string {
  return `${record.topic}/${envelope.metadata.subject}`;
}

/** A record that the log finds too large is refused for itself; what comes behind it may go on. */
function isUncertain({ status }: ItemResult): boolean {
  return status === 'unknown' || status === 'not_attempted';
}

function asDryRun(prepared: Ready | Refused): ItemResult {
  if ('problem' in prepared) return prepared;
  const { envelope, record } = prepared;
  return { status: 'valid', id: envelope.metadata.id, topic: record.topic, partition: record.partition ?? 0 };
}

function leftOut(prepared: Ready | Refused): ItemResult {
  if ('problem' in prepared) return prepared;
  const problem = new Problem('OTHERS_REFUSED', 'Nothing was sent: with validate=all every event has to be valid');
  return { status: 'not_attempted', id: prepared.envelope.metadata.id, problem };
}

/** Rules that show only once the event is whole: of its size, and of a subject that its payload names. */
function unencodable(error: unknown, event: UncheckedEvent): Problem {
  const code = error instanceof BackboneError ? error.code : '';
  const detail = error instanceof Error ? error.message : '';
  if (code === 'EVENT_TOO_LARGE') {
    return new Problem('RECORD_TOO_LARGE', detail, { issues: [{ pointer: event.dataPointer, detail }] });
  }
  if (code === 'INVALID_EVENT')
    return new Problem('INVALID_EVENT', detail, { issues: [{ ...event.place('subject'), detail }] });
  throw error;
}

function nextWave(chain: readonly Ready[], start: number): readonly Ready[] {
  let bytes = 0;
  let end = start;
  while (end < chain.length && end - start < keyWaveMax) {
    bytes += chain[end]?.record.value?.length ?? 0;
    if (bytes > keyWaveBytesMax && end > start) break;
    end += 1;
  }
  return chain.slice(start, end);
}

/** Events that were gathered before they were sent each belong to the trace that caused them, not to the sending. */
function ownTrace({ metadata }: EventEnvelope, sender: Sender): Context | undefined {
  const { traceparent, tracestate } = metadata;
  return traceparent === sender.traceparent
    ? undefined
    : propagation.extract(ROOT_CONTEXT, { traceparent, tracestate });
}

/** As the answer shows it. `issuesMax`: how many broken rules it may name. */
export function itemBody(result: ItemResult, issuesMax?: number): Record<string, unknown> {
  if (result.status === 'logged') {
    return { status: 'logged', id: result.id, position: encodePosition([result.place]) };
  }
  if (result.status === 'valid') return result;
  return {
    status: result.status,
    ...(result.id === undefined ? {} : { id: result.id }),
    problem: problemMembers(result.problem, issuesMax),
  };
}
