import type { OperationDocument } from '../reference/documented.js';
import { headerParameter, queryParameter } from '../reference/operation-parts.js';
import { exampleRead } from '../reference/schemas.js';

export const streamOperation: OperationDocument = {
  operationId: 'streamEvents',
  tags: ['events'],
  summary: 'Watch events as they come (Server-Sent Events)',
  description:
    'Each message is one event as JSON; its `id` is an opaque place to come back to. With `Last-Event-ID` (or ' +
    '`last_event_id`) the stream goes on exactly there: what was missed is read from the journal, then from memory, ' +
    'without gap or repeat. The position of a write serves too.\n\n' +
    'Named messages speak of the stream: `open`; `heartbeat` every 15 s; `resync` (what was missed is not to be had any ' +
    'more; read your state anew, the stream goes on from the present); `dropped` (the client was too slow) and ' +
    '`reconnect` (the gateway stops, or its journal lags), after which the stream ends and nothing is lost by coming ' +
    'back with the last id. Order holds within a subject.',
  parameters: [
    headerParameter('Last-Event-ID', 'Where to go on'),
    queryParameter('last_event_id', 'The same, for clients that cannot set headers'),
    queryParameter('type', 'Any of these types, separated by commas'),
    queryParameter('topic', 'Any of these topics, separated by commas'),
    queryParameter('subject', 'What the event is about'),
    queryParameter('source', 'Who said so'),
    queryParameter('correlation_id', 'The first request of the chain'),
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
  problems: ['OVERLOADED', 'STOPPING'],
};
