import type { JsonValue } from '@chorda/kernel';
import { z } from 'zod';
import { exampleRead } from '../../reference/schemas.js';
import { closeCodes } from './close-codes.js';
import { socketMessage } from './socket-messages.js';
import { socketPath, socketProtocol } from './tail-sockets.js';

type Members = Readonly<Record<string, JsonValue>>;

const channel = 'tail_socket';
const text = (description: string): JsonValue => ({ type: 'string', description });
const id = text('The id that the client gave the subscription');
const position = text('Opaque: where to go on, as `from` of another subscription, here or at another gateway');

const message = (kind: string, summary: string, members: Members, example: Members): JsonValue => ({
  name: kind,
  summary,
  contentType: 'application/json',
  payload: {
    type: 'object',
    required: ['kind', ...Object.keys(members)],
    properties: { kind: { const: kind }, ...members },
  },
  examples: [{ payload: { kind, ...example } }],
});

/** What the gateway says; all that names a subscription has its `id`. */
const said: Readonly<Record<string, JsonValue>> = {
  ready: message(
    'ready',
    'The client is known; it may subscribe',
    { subscriptions_max: { type: 'integer' }, heartbeat_ms: { type: 'integer' } },
    { subscriptions_max: 64, heartbeat_ms: 15_000 },
  ),
  subscribed: message('subscribed', 'From here on nothing is missed', { id, position }, { id: 'a', position: 't1~-' }),
  unsubscribed: message('unsubscribed', 'The subscription is over', { id, position }, { id: 'a', position: 't1~-' }),
  event: message(
    'event',
    'One event. Order holds within a subject',
    { id, position, event: { type: 'object', description: 'A CloudEvent in the JSON format' } },
    { id: 'a', position: 't1~-', event: exampleRead },
  ),
  heartbeat: message(
    'heartbeat',
    'Nothing came; this is how far it is',
    { id, position },
    { id: 'a', position: 't1~-' },
  ),
  resync: message(
    'resync',
    'Events before this are not to be had: position_unknown (of another log) or history_gone. It goes on from the present',
    { id, position, reason: text('Why') },
    { id: 'a', position: 't1~-', reason: 'history_gone' },
  ),
  dropped: message(
    'dropped',
    'The subscription is over: slow, filter_cost (one event took too much) or filter_budget (the filters of the tenant did)',
    { id, position, reason: text('Why') },
    { id: 'a', position: 't1~-', reason: 'slow' },
  ),
  reconnect: message(
    'reconnect',
    'The subscription is over, come back with its position: stopping, journal_lagging or unavailable',
    { id, position, reason: text('Why') },
    { id: 'a', position: 't1~-', reason: 'stopping' },
  ),
  error: message(
    'error',
    'A message was not taken; `problem` is as in the answers of HTTP, its pointers lead into the message',
    { problem: { type: 'object' } },
    {
      id: 'a',
      problem: { code: 'INVALID_REQUEST', status: 400, errors: [{ pointer: '/filter', detail: 'must be CEL' }] },
    },
  ),
  pong: message('pong', 'The answer to a ping', {}, {}),
};

/** The contract of Kafka, and beside it that of the WebSocket. */
export function withTailSocket(document: JsonValue): JsonValue {
  const { servers, channels, operations, ...rest } = Object(document);
  const closing = Object.entries(closeCodes).map(([name, code]) => `${code} ${name.toLowerCase()}`);
  const reference = (kind: string): JsonValue => ({ $ref: `#/channels/${channel}/messages/${kind}` });
  return {
    ...rest,
    servers: {
      ...servers,
      gateway: {
        host: '{host}',
        protocol: 'ws',
        description: 'A gateway. `wss` behind a proxy that ends TLS.',
        variables: { host: { default: '127.0.0.1:4600', description: 'Host and port of any gateway.' } },
      },
    },
    channels: {
      ...channels,
      [channel]: {
        address: socketPath,
        servers: [{ $ref: '#/servers/gateway' }],
        title: 'The live tail',
        description:
          `Subprotocol ${socketProtocol}. Who the client is goes into Authorization, into a subprotocol ` +
          'chorda.token.<token> beside it (pages), or into the first message; never into the address. Text messages ' +
          'alone, at most 256 KiB from the client, which answers pings. ' +
          `Closed with: ${closing.join(', ')}.`,
        messages: { client: clientMessage(), ...said },
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
      },
    },
    operations: {
      ...operations,
      send_tail_socket: {
        action: 'send',
        channel: { $ref: `#/channels/${channel}` },
        summary: 'Say who one is, subscribe, unsubscribe.',
        messages: [reference('client')],
      },
      receive_tail_socket: {
        action: 'receive',
        channel: { $ref: `#/channels/${channel}` },
        summary: 'Events, and what is to be known about each subscription.',
        messages: Object.keys(said).map(reference),
      },
    },
  };
}

/** From the schema that messages are checked by, so the two cannot part. */
function clientMessage(): JsonValue {
  const payload: JsonValue = JSON.parse(
    JSON.stringify(z.toJSONSchema(socketMessage, { io: 'input', unrepresentable: 'any' })),
  );
  return {
    name: 'client',
    summary: 'authenticate, subscribe, unsubscribe or ping',
    contentType: 'application/json',
    payload,
    examples: [
      { payload: { kind: 'subscribe', id: 'a', types: ['agent.failed'], filter: 'data.execution_time_ms > 1000' } },
    ],
  };
}
