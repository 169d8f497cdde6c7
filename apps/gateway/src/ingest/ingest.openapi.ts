import type { OperationDocument } from '../reference/documented.js';
import { headerParameter, jsonResponse, queryParameter } from '../reference/operation-parts.js';
import { exampleData, exampleEvent, examplePosition } from '../reference/schemas.js';

const logged = { status: 'logged', id: exampleEvent.id, position: examplePosition };

export const ingestOperation: OperationDocument = {
  operationId: 'appendEvents',
  tags: ['events'],
  summary: 'Append one event, or a batch of up to 10,000',
  description:
    'CloudEvents 1.0 over HTTP: binary (`application/json` and `ce-*` headers), structured ' +
    '(`application/cloudevents+json`) or batch (`application/cloudevents-batch+json`). A 2xx for an event is sent after ' +
    'all in-sync replicas have it.\n\n' +
    'One event: 201, or the problem. A batch: 200 when every event is logged; 207 when some are, and then each item says ' +
    'what became of it; 422 when every event breaks a rule; 503 when none is known to be logged. A 4xx means that the ' +
    'request has no effect. A 503 or a time-out means unknown: send it again with the same ids, or the same ' +
    'Idempotency-Key; an event is (tenant, source, id), and a repeat of it is applied once.\n\n' +
    'After an event of a subject was not acknowledged, later ones of that subject in the batch are not sent ' +
    '(`not_attempted`), so that their order holds. Up to 100 events of one subject travel together.',
  parameters: [
    headerParameter('Idempotency-Key', 'Gives events without an id the ids they had the first time'),
    headerParameter('traceparent', 'W3C trace context; goes on in the events'),
    queryParameter('ack', '`projected` waits until the journal has the events', {
      enum: ['logged', 'projected'],
      default: 'logged',
    }),
    queryParameter('projections', 'With `ack=projected`: wait for these instead, separated by commas'),
    queryParameter('wait', 'With `ack=projected`: milliseconds to wait, at most 30000', {
      type: 'integer',
      default: 5000,
    }),
  ],
  requestBody: {
    required: true,
    content: {
      'application/json': { schema: { type: 'object' }, example: exampleData },
      'application/cloudevents+json': { schema: { $ref: '#/components/schemas/SentEvent' }, example: exampleEvent },
      'application/cloudevents-batch+json': {
        schema: { type: 'array', maxItems: 10_000, items: { $ref: '#/components/schemas/SentEvent' } },
        example: [exampleEvent],
      },
    },
  },
  responses: {
    '201': jsonResponse('The event is logged', 'SingleResult', logged),
    '200': jsonResponse('Every event of the batch is logged', 'BatchResult', {
      items: [logged],
      position: examplePosition,
    }),
    '207': jsonResponse('Some events of the batch are logged', 'BatchResult'),
  },
  problems: [
    'INVALID_JSON',
    'TENANT_MISMATCH',
    'PAYLOAD_TOO_LARGE',
    'RECORD_TOO_LARGE',
    'UNSUPPORTED_MEDIA_TYPE',
    'INVALID_EVENT',
    'UNKNOWN_EVENT_TYPE',
    'DECISION_NOT_ACCEPTED',
    'EXPECTED_VERSION_NOT_ACCEPTED',
    'BATCH_REFUSED',
    'DELIVERY_UNKNOWN',
    'NOT_ATTEMPTED',
    'OVERLOADED',
    'STOPPING',
  ],
};
