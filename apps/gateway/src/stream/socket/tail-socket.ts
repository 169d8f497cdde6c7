import type { Duplex } from 'node:stream';
import { InvalidInputError, type Logger } from '@chorda/kernel';
import type { RawData, WebSocket } from 'ws';
import type { Credential } from '../../auth/scopes.js';
import { pointerOf } from '../../http/json-pointer.js';
import { Problem, problemMembers } from '../../http/problem.js';
import { filterOf } from '../tail-subscription.js';
import type { TailFilter } from '../tail-event.js';
import type { TailHub } from '../tail-hub.js';
import { TailPosition } from '../tail-position.js';
import { TailSession, type TailHistory } from '../tail-session.js';
import type { TailMetrics } from '../tail.metrics.js';
import { closeCodes, type CloseCode } from './close-codes.js';
import { MessageRate } from './message-rate.js';
import { socketMessage, type SocketMessage, type SubscribeMessage } from './socket-messages.js';
import { SocketSink } from './socket-sink.js';

export interface TailSocketSettings {
  readonly subscriptionsMax: number;
  readonly slowMsMax: number;
  readonly queuedBytesMax: number;
  readonly heartbeatMs: number;
  readonly authenticationMsMax: number;
}

export interface TailSocketParts {
  readonly hub: TailHub;
  readonly history: TailHistory;
  readonly metrics: TailMetrics;
  readonly logger: Logger;
  readonly settings: TailSocketSettings;
  /** Lets somebody in. @throws {@link Problem}. @returns What to do when he leaves. */
  readonly admit: (token: string, leave: () => void) => Promise<Admitted>;
}

export interface Admitted {
  readonly credential: Credential;
  release(): void;
}

interface Subscription {
  readonly session: TailSession;
  readonly ended: AbortController;
}

/** Messages that broke a rule, after which the socket is closed: its client does not listen. */
const badMessagesMax = 20;

/**
 * One WebSocket.
 *
 * Modes: waiting for its client to say who it is (bounded in time), then open, in which subscriptions come and go; then
 * closing, in which nothing is taken any more.
 */
export class TailSocket {
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly rate = new MessageRate();
  private readonly heartbeat: NodeJS.Timeout;
  private readonly authentication: NodeJS.Timeout;
  private admitted: Admitted | undefined;
  private isAuthenticating = false;
  private isAlive = true;
  private beatAtMs = performance.now();
  private badMessages = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly stream: Duplex,
    private readonly parts: TailSocketParts,
    admitted: Admitted | undefined,
  ) {
    const { settings } = parts;
    this.heartbeat = setInterval(() => this.beat(), settings.heartbeatMs);
    this.authentication = setTimeout(() => this.tooLate(), settings.authenticationMsMax);
    socket.on('message', (data, isBinary) => void this.take(data, isBinary));
    socket.on('ping', () => this.countMessage());
    socket.on('pong', () => {
      this.isAlive = true;
      this.countMessage();
    });
    // `close` follows; what the protocol forbids is closed by the library with the code that says so.
    socket.on('error', () => undefined);
    socket.on('close', (code) => this.gone(code));
    if (admitted !== undefined) this.open(admitted);
  }

  /** Says why and closes; a client that does not answer is cut off. */
  close(code: CloseCode, reason: string): void {
    this.endSubscriptions();
    this.socket.close(code, reason);
  }

  cut(): void {
    this.socket.terminate();
  }

  private open(admitted: Admitted): void {
    clearTimeout(this.authentication);
    this.admitted = admitted;
    const { settings } = this.parts;
    this.say({ kind: 'ready', subscriptions_max: settings.subscriptionsMax, heartbeat_ms: settings.heartbeatMs });
  }

  private tooLate(): void {
    this.close(closeCodes.AUTHENTICATION_TIMEOUT, 'no token came in time');
  }

  private async take(data: RawData, isBinary: boolean): Promise<void> {
    if (!this.countMessage()) return;
    if (isBinary) return this.close(closeCodes.BINARY, 'binary messages are not taken');
    try {
      await this.handle(parse(String(data)));
      this.parts.metrics.socketMessages.inc({ result: 'taken' });
    } catch (error) {
      this.parts.metrics.socketMessages.inc({ result: 'refused' });
      this.refuse(error);
    }
  }

  private async handle(message: SocketMessage): Promise<void> {
    if (message.kind === 'authenticate') return this.authenticate(message.token);
    if (this.admitted === undefined)
      return this.close(closeCodes.UNAUTHENTICATED, 'the first message must authenticate');
    switch (message.kind) {
      case 'subscribe':
        return this.subscribe(message);
      case 'unsubscribe':
        return this.unsubscribe(message.id);
      case 'ping':
        return this.say({ kind: 'pong' });
    }
  }

  private async authenticate(token: string): Promise<void> {
    if (this.admitted !== undefined || this.isAuthenticating)
      throw new Problem('INVALID_REQUEST', 'It is authenticated already');
    this.isAuthenticating = true;
    try {
      const admitted = await this.parts.admit(token, () => this.leave());
      // It may have gone while its token was looked up.
      if (this.isOpen) this.open(admitted);
      else admitted.release();
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem('INTERNAL', 'The gateway failed');
      this.say({ kind: 'error', problem: problemMembers(problem) });
      this.close(closeCodeOf(problem), problem.detail.slice(0, 100));
    }
  }

  private leave(): void {
    this.parts.metrics.tailDropped.inc({ transport: 'websocket', reason: 'credential' });
    this.close(closeCodes.UNAUTHENTICATED, 'the API key or token is no longer good');
  }

  private async subscribe(message: SubscribeMessage): Promise<void> {
    const { id } = message;
    this.checkRoom(id);
    const { tenantId } = this.readerOf();
    const filter = filterOf(message);
    const given = message.from === undefined ? undefined : positionOf(message.from);
    if (given !== undefined || message.since === undefined) return this.begin(id, tenantId, filter, given);
    const from = await this.parts.history.since(tenantId, message.since);
    if (!this.isOpen) return;
    // Another message may have taken the id, or the last place, while the journal was asked.
    this.checkRoom(id);
    this.begin(id, tenantId, filter, from);
  }

  private checkRoom(id: string): void {
    const { settings, metrics } = this.parts;
    if (this.subscriptions.has(id)) throw invalid('/id', 'is in use; unsubscribe first, or take another');
    if (this.subscriptions.size >= settings.subscriptionsMax) {
      metrics.tailRefused.inc({ bound: 'subscriptions' });
      throw invalid('', `must be one of at most ${settings.subscriptionsMax} subscriptions of a connection`);
    }
  }

  private readerOf(): Credential {
    const credential = this.admitted?.credential;
    if (credential === undefined) throw new Problem('UNAUTHENTICATED', 'The first message must authenticate');
    return credential;
  }

  private begin(id: string, tenantId: string, filter: TailFilter, from: TailPosition | undefined): void {
    const { settings, metrics, hub, history, logger } = this.parts;
    const transport = 'websocket';
    const ended = new AbortController();
    const session = new TailSession({
      hub,
      history,
      sink: new SocketSink(id, this.socket, this.stream, settings.slowMsMax),
      tenantId,
      filter,
      from,
      signal: ended.signal,
      queuedBytesMax: settings.queuedBytesMax,
      onDelivered: (events) => metrics.tailDelivered.inc({ transport }, events),
      onResync: (reason) => metrics.tailResyncs.inc({ reason }),
      onEnd: (reason) => metrics.tailDropped.inc({ transport, reason }),
      onFault: (error) => logger.warn('A subscription ended for a fault', { error }),
    });
    this.subscriptions.set(id, { session, ended });
    metrics.tailSubscriptions.inc({ transport });
    void session.run().finally(() => {
      metrics.tailSubscriptions.dec({ transport });
      if (this.subscriptions.get(id)?.session === session) this.subscriptions.delete(id);
    });
  }

  private unsubscribe(id: string): void {
    const subscription = this.subscriptions.get(id);
    if (subscription === undefined) throw invalid('/id', 'is no subscription of this connection');
    const position = subscription.session.place.toString();
    this.subscriptions.delete(id);
    subscription.ended.abort();
    this.say({ kind: 'unsubscribed', id, position });
  }

  /** A client that did not answer the last ping is not there: nobody else would say so of a connection half open. */
  private beat(): void {
    const nowMs = performance.now();
    // A gateway that was itself held up has not read the answer yet that may lie there.
    const isLate = nowMs - this.beatAtMs > 1.5 * this.parts.settings.heartbeatMs;
    this.beatAtMs = nowMs;
    if (!this.isAlive && !isLate) return this.cut();
    this.isAlive = false;
    this.socket.ping();
    const isFull = this.stream.writableNeedDrain;
    for (const [id, { session }] of this.subscriptions) {
      if (isFull) session.checkTaken();
      else this.say({ kind: 'heartbeat', id, position: session.place.toString() });
    }
  }

  private refuse(error: unknown): void {
    const problem = problemOf(error);
    if (problem.code === 'INTERNAL') this.parts.logger.error('A message of a client failed', { error });
    const id = error instanceof BadMessage ? error.id : undefined;
    this.say({ kind: 'error', ...(id === undefined ? {} : { id }), problem: problemMembers(problem) });
    this.badMessages += 1;
    if (this.badMessages > badMessagesMax) this.close(closeCodes.BAD_MESSAGES, 'too many messages that break a rule');
  }

  private countMessage(): boolean {
    if (!this.isOpen) return false;
    if (this.rate.take()) return true;
    this.close(closeCodes.TOO_MANY, 'too many messages');
    return false;
  }

  private get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  private say(message: Readonly<Record<string, unknown>>): void {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
  }

  private endSubscriptions(): void {
    for (const { ended } of this.subscriptions.values()) ended.abort();
    this.subscriptions.clear();
  }

  private gone(code: number): void {
    clearInterval(this.heartbeat);
    clearTimeout(this.authentication);
    this.endSubscriptions();
    this.admitted?.release();
    this.parts.metrics.socketsClosed.inc({ code: knownCode(code) });
  }
}

/** A message that could not be taken, and the subscription that it was about, where it named one. */
class BadMessage extends Problem {
  constructor(
    detail: string,
    issues: readonly { readonly pointer: string; readonly detail: string }[],
    readonly id: string | undefined,
  ) {
    super('INVALID_REQUEST', detail, { issues });
  }
}

function parse(text: string): SocketMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('INVALID_JSON', 'The message is not JSON');
  }
  const parsed = socketMessage.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 20).map(({ path, message }) => ({
    pointer: pointerOf(path),
    detail: message.slice(0, 500),
  }));
  const id = Object(value).id;
  const detail = issues.map((issue) => `${issue.pointer || '/'} ${issue.detail}`).join('; ');
  throw new BadMessage(detail.slice(0, 2_000), issues, typeof id === 'string' && id.length <= 64 ? id : undefined);
}

function positionOf(text: string): TailPosition {
  try {
    return TailPosition.parse(text);
  } catch (error) {
    if (error instanceof InvalidInputError) throw invalid('/from', error.issues[0]?.detail ?? 'must be a position');
    throw error;
  }
}

function invalid(pointer: string, detail: string): InvalidInputError {
  return new InvalidInputError('Message', [{ pointer, detail }]);
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidInputError)
    return new Problem('INVALID_REQUEST', error.message, { issues: error.issues });
  return new Problem('INTERNAL', 'The gateway failed');
}

function closeCodeOf({ code, status }: Problem): CloseCode {
  if (code === 'UNAUTHENTICATED') return closeCodes.UNAUTHENTICATED;
  if (code === 'STOPPING') return closeCodes.RESTART;
  if (status === 403) return closeCodes.FORBIDDEN;
  if (status === 429) return closeCodes.TOO_MANY;
  return status === 503 ? closeCodes.OVERLOADED : closeCodes.INTERNAL;
}

/** A client may close with any number: those that nobody knows are one label. */
function knownCode(code: number): string {
  return (code >= 1000 && code <= 1015) || Object.values<number>(closeCodes).includes(code) ? String(code) : 'other';
}
