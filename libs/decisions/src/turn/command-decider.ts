import type { EventMetadata } from '@chorda/contracts';
import {
  DomainError,
  type Decision,
  type Given,
  type StatesOf,
  type StreamRef,
  type Typed,
  type WorkItem,
} from '@chorda/domain';
import { derivedId, type JsonValue } from '@chorda/kernel';
import type { CommandContext, EncodedBody } from '../decision-codec.js';
import type { DecidedEvent } from '../outcome.js';
import { streamKey, streamName } from '../stream-name.js';
import { definitionOf, TurnFault } from './definition-of.js';
import { madeBytesMax, publicationBounds, tooLargeToPublish } from './publication-size.js';
import type { StreamPlace, StreamState, Turn, TurnCommand, TurnRecord } from './turn.js';
import { payloadIn } from './turn-payloads.js';

/** Leaves the turn, which is decided anew when the stream is there. */
export class NotLoaded extends Error {
  constructor(
    readonly key: string,
    readonly place: StreamPlace,
  ) {
    super('Not loaded');
  }
}

/** Of the first event of a command: what its caller was told, as JSON. */
export const answerHeader = 'chorda-answer';

/** It is kept for every command, and travels in a header of its first event. */
const answerCharactersMax = 8 * 1024;

/** The code of a refusal: what the command makes does not fit in one batch of the log. */
export const commandTooLarge = 'COMMAND_TOO_LARGE';

/** More than an event's headers ever take, the answer's apart: what is small with it need not be measured. */
const headerBytesMax = 4 * 1024;

/** Decides one command of the log or of a timer, and those that follow from it: all of it, or nothing. */
export class CommandDecider<States, Command extends Typed, Event extends Typed> {
  /** As its events leave them. */
  readonly touched = new Map<string, StreamState>();
  readonly records: TurnRecord[] = [];
  readonly events: DecidedEvent[] = [];
  answer: JsonValue | undefined;
  bytes = 0;
  private works = 0;
  private facts = 0;
  private readonly context: CommandContext;
  private readonly seen = new Set<string>();

  constructor(
    private readonly turn: Turn<States, Command, Event>,
    private readonly root: TurnCommand<Command>,
    /** By earlier commands of the turn. */
    private readonly changed: ReadonlyMap<string, StreamState>,
    private readonly firstSeq: bigint,
  ) {
    this.context = root.context;
  }

  /** @throws DomainError, {@link NotLoaded}, `PayloadNotLoaded`, or a fault. */
  decide(): void {
    const queue: Command[] = [this.rootCommand()];
    for (let index = 0; index < queue.length; index++) {
      const command = queue[index]!;
      const decision = this.turn.aggregate.decide(this.given(command, index), this.statesFor(command));
      this.apply(decision);
      if (index === 0) this.answer = this.checkedAnswer(decision.answer);
      queue.push(...(decision.then ?? []));
      this.expect(queue.length - 1, this.turn.bounds.followUpsMax, 'follow-up commands');
    }
    this.keepAnswer();
    this.expectOneBatch();
  }

  private rootCommand(): Command {
    const { command, timer } = this.root;
    if (command) return command;
    const { aggregate } = this.turn;
    if (!timer || !aggregate.due) throw new TurnFault(`${aggregate.kind} says of no timer what command it gives`);
    return aggregate.due(timer.stream as StreamRef<keyof States & string>, timer.timer);
  }

  private given(command: Command, index: number): Given<Command> {
    const { id, tenantId, subject, actor, timeMs } = this.context;
    const commandId = index === 0 ? id : derivedId('then', this.turn.aggregate.kind, tenantId, id, index);
    return {
      ...{ command, commandId, tenantId, subject, actor },
      timeMs: this.root.timer ? this.turn.nowMs : timeMs,
      deriveId: (name) => derivedId('named', this.turn.aggregate.kind, tenantId, commandId, name),
    };
  }

  private statesFor(command: Command): StatesOf<States> {
    const { payloads } = this.turn;
    const { tenantId } = this.context;
    const states: StatesOf<States> = {
      of: <Kind extends keyof States & string>(stream: StreamRef<Kind>) => this.stateOf(stream).state as States[Kind],
      versionOf: (stream) => this.stateOf(stream).version,
      ...(payloads && { payload: (ref) => payloadIn(payloads, { tenantId, ref }) }),
    };
    for (const stream of this.turn.aggregate.reads(command)) this.stateOf(stream);
    return states;
  }

  private stateOf(stream: StreamRef): StreamState {
    const { tenantId, subject } = this.context;
    const key = streamKey(tenantId, stream);
    this.seen.add(key);
    this.expect(this.seen.size, this.turn.bounds.streamsOfCommandMax, 'streams');
    const state = this.touched.get(key) ?? this.changed.get(key) ?? this.turn.loaded.get(key);
    if (!state) throw new NotLoaded(key, { tenantId, subject, stream });
    // Another key's events lie in another partition: two owners would write one stream.
    if (state.version > 0n && state.subject !== subject) {
      throw new TurnFault(`Stream ${stream.kind}-${stream.id} belongs to ${state.subject}, not to ${subject}`);
    }
    return state;
  }

  private apply(decision: Decision<Command, Event>): void {
    let last: DecidedEvent | undefined;
    for (const { stream, event } of decision.events) last = this.append(stream, event);
    for (const fact of decision.facts ?? []) this.addFact(fact, last);
    for (const item of decision.work ?? []) this.addWork(item);
    const { recordsOfCommandMax } = this.turn.bounds;
    if (this.records.length > recordsOfCommandMax || this.bytes > madeBytesMax) {
      throw this.tooLarge(`${this.records.length} events and work items of ${this.bytes} bytes`, {
        ...{ records: this.records.length, records_max: recordsOfCommandMax },
        ...{ bytes: this.bytes, bytes_max: madeBytesMax },
      });
    }
  }

  /** The log takes a batch whole or not at all: what a command makes fits in one, or it makes nothing. */
  private expectOneBatch(): void {
    const headersMax = this.records.length * headerBytesMax + 4 * answerCharactersMax;
    if (this.bytes + headersMax <= publicationBounds.compressedBytesMax) return;
    const events = this.records.filter(({ topic }) => topic === this.turn.eventTopic);
    const { tenantId, subject } = this.context;
    const found = tooLargeToPublish(
      Buffer.from(`${tenantId}/${subject}`),
      events.map(({ body }) => body),
    );
    if (!found) return;
    const { bytes, bytesMax, measured } = found;
    const details = { events: events.length, bytes, bytes_max: bytesMax, measured };
    throw this.tooLarge(`${events.length} events of ${bytes} bytes (${measured})`, details);
  }

  /**
   * A command of the log is refused, so that whoever gave it is told. One that a timer gives comes again; nobody waits for
   * what became of one that a service of ours gave: it is set aside, and an incident tells.
   */
  private tooLarge(what: string, details: { readonly [name: string]: JsonValue }): Error {
    const { id } = this.context;
    const bounds = Object.entries(details).filter(([name]) => name.endsWith('_max'));
    const named = bounds.map(([name, max]) => `${name} ${String(max)}`).join(' and ');
    const message = `${id} makes ${what}, and a command may make no more than ${named}: give it in parts`;
    const isOurs = this.root.timer !== undefined || this.context.actor?.startsWith('urn:chorda:service:') === true;
    return isOurs ? new TurnFault(message) : new DomainError(commandTooLarge, message, details);
  }

  private append(stream: StreamRef, event: Event): DecidedEvent {
    const { kind } = this.turn.aggregate;
    const { tenantId, subject } = this.context;
    const before = this.stateOf(stream);
    const version = before.version + 1n;
    const id = derivedId('event', kind, tenantId, stream.kind, stream.id, version);
    const name = streamName(kind, subject, stream);
    const metadata = this.metadata(id, { streamVersion: version, ...(name !== undefined && { stream: name }) });
    const body = this.turn.encoder.encodeEvent(event, metadata);
    this.add({ type: event.type, topic: this.turn.eventTopic, stream, version, body });
    const state = definitionOf(this.turn.aggregate, stream).evolve(before.state, event);
    this.touched.set(streamKey(tenantId, stream), { ...before, stream, subject, version, state });
    const decided = { id, type: event.type, stream, version };
    this.events.push(decided);
    return decided;
  }

  private addFact(fact: Event, last: DecidedEvent | undefined): void {
    const { kind } = this.turn.aggregate;
    const { tenantId, id: commandId } = this.context;
    const index = this.facts++;
    const id = last?.stream
      ? derivedId('fact', kind, tenantId, last.stream.kind, last.stream.id, last.version ?? 0n, index)
      : derivedId('fact of command', kind, tenantId, commandId, index);
    const body = this.turn.encoder.encodeEvent(fact, this.metadata(id, {}));
    this.add({ type: fact.type, topic: this.turn.eventTopic, stream: undefined, version: undefined, body });
    this.events.push({ id, type: fact.type });
  }

  private addWork(item: WorkItem): void {
    const { kind } = this.turn.aggregate;
    const { tenantId, subject, id: commandId } = this.context;
    const id = derivedId('work', kind, tenantId, commandId, this.works++);
    const name = streamName(kind, subject, item.stream);
    const body = this.turn.encoder.encodeWork(item, this.metadata(id, name === undefined ? {} : { stream: name }));
    this.add({ type: item.work.type, topic: item.queue, stream: undefined, version: undefined, body });
  }

  private add(
    record: Pick<TurnRecord, 'type' | 'topic' | 'stream' | 'version'> & { readonly body: EncodedBody },
  ): void {
    const { tenantId, subject } = this.context;
    this.bytes += record.body.value.length;
    this.records.push({ ...record, tenantId, subject, seq: this.nextSeq, timeMs: this.turn.nowMs });
  }

  private get nextSeq(): bigint {
    return this.firstSeq + BigInt(this.records.length);
  }

  private metadata(id: string, place: { readonly streamVersion?: bigint; readonly stream?: string }): EventMetadata {
    const { context, root, turn } = this;
    const { traceparent, tracestate } = context;
    return {
      ...{ id, source: turn.source, subject: context.subject, tenantId: context.tenantId, timeMs: turn.nowMs },
      ...{ correlationId: context.correlationId, causationId: context.id },
      ...(traceparent !== undefined && { traceparent }),
      ...(tracestate !== undefined && { tracestate }),
      decision: {
        ...place,
        ...{ partitionSeq: this.nextSeq, epoch: turn.epoch, commandId: context.id },
        ...(root.offset !== undefined && { commandOffset: root.offset }),
      },
    };
  }

  /** In the log too, so that a repeat is answered alike when the tables were made anew from it. */
  private keepAnswer(): void {
    const at = this.records.findIndex(({ topic }) => topic === this.turn.eventTopic);
    const first = this.records[at];
    if (!first || this.answer === undefined) return;
    const headers = { ...first.body.headers, [answerHeader]: JSON.stringify(this.answer) };
    this.records[at] = { ...first, body: { ...first.body, headers } };
  }

  private checkedAnswer(answer: JsonValue | undefined): JsonValue | undefined {
    this.expect(JSON.stringify(answer)?.length ?? 0, answerCharactersMax, 'characters of an answer');
    return answer;
  }

  private expect(count: number, max: number, what: string): void {
    if (count <= max) return;
    throw new TurnFault(`${this.context.id} makes ${count} ${what}, at most ${max} are taken`);
  }
}
