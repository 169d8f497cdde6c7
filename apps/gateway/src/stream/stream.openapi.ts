import type { OperationDocument } from '../reference/documented.js';
import { headerParameter, queryParameter } from '../reference/operation-parts.js';
import { exampleRead } from '../reference/schemas.js';

export const streamOperation: OperationDocument = {
  operationId: 'streamEvents',
  tags: ['events'],
  summary: 'Watch events as they come (Server-Sent Events)',
  description:
    'Each message is one event as JSON; its `id` is an opaque place to come back to. With `Last-Event-ID` (or ' +
    '`last_event_id`) the stream goes on exactly there: what was missed is read from the journal, from the log where ' +
    'the journal lags, then from memory, without gap or repeat. The position of a write serves too.\n\n' +
    'Named messages speak of the stream: `open`; `heartbeat` every 15 s; `resync` (what was missed is not to be had any ' +
    'more; read your state anew, the stream goes on from the present); `dropped` (`slow`, `filter_cost`, ' +
    '`filter_budget`) and `reconnect` (`stopping`, `journal_lagging`, `unavailable`), after which the stream ends and ' +
    'nothing is lost by coming back with the last id. Order holds within a subject.\n\n' +
    '`filter` is an expression in CEL over `type`, `source`, `subject`, `id`, `time`, `tenant`, `topic`, ' +
    '`correlation_id`, `causation_id` and `data`. An event of which it cannot say yes or no is not shown.',
  parameters: [
    headerParameter('Last-Event-ID', 'Where to go on'),
    queryParameter('last_event_id', 'The same, for clients that cannot set headers'),
    queryParameter(
      'since',
      'Begin with what the log recorded at or after this RFC 3339 time; a place to go on counts first',
    ),
    queryParameter('type', 'Any of these types, separated by commas'),
    queryParameter('topic', 'Any of these topics, separated by commas'),
    queryParameter('subject', 'What the event is about'),
    queryParameter('source', 'Who said so'),
    queryParameter('correlation_id', 'The first request of the chain'),
    queryParameter(
      'filter',
      'CEL, at most 2048 characters: `data.status == "failed" && data.execution_time_ms > 1000`',
    ),
  ],
  responses: {
    '200': {
      description: 'The stream',
      content: {
        'text/event-stream': {
          schema: { type: 'string' },
          example: `id: t1~t63kq0~agent.events~0.0.0.1c\ndata: ${JSON.stringify(exampleRead)}\n\n`,
        },
      },
    },
  },
  problems: ['TOO_MANY_STREAMS', 'OVERLOADED', 'STOPPING'],
};

export const socketOperation: OperationDocument = {
  operationId: 'openSocket',
  tags: ['events'],
  summary: 'Watch events as they come (WebSocket)',
  description:
    'Several subscriptions on one connection, each with its own filter and place. `/asyncapi.json` describes the ' +
    'messages (channel `tail_socket`). Who you are goes into `Authorization`, into the subprotocol ' +
    '`chorda.token.<token>` beside `chorda.v1` (pages), or into the first message; never into the address.',
  parameters: [
    headerParameter('Sec-WebSocket-Protocol', '`chorda.v1`, and `chorda.token.<token>` where no header can be set'),
  ],
  responses: { '101': { description: 'The connection speaks WebSocket from here on' } },
  problems: ['UPGRADE_REQUIRED', 'TOO_MANY_STREAMS', 'OVERLOADED', 'STOPPING'],
};
