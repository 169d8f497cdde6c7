import type { OperationDocument } from '../reference/documented.js';
import { headerParameter, jsonResponse, queryParameter } from '../reference/operation-parts.js';
import { exampleData, exampleEvent, examplePosition } from '../reference/schemas.js';

const logged = { status: 'logged', id: exampleEvent.id, position: examplePosition };

export const ingestOperation: OperationDocument = {
  operationId: 'appendEvents',
  tags: ['events'],
  summary: 'Append one event, a batch of up to 10,000, or a stream of them',
  description:
    'CloudEvents 1.0 over HTTP: binary (`application/json` and `ce-*` headers), structured ' +
    '(`application/cloudevents+json`), batch (`application/cloudevents-batch+json`), or one structured event a line ' +
    '(`application/x-ndjson`). Bodies may come with `Content-Encoding: gzip`, `br` or `zstd`; 10 MiB when inflated. ' +
    'A 2xx for an event is sent after all in-sync replicas have it.\n\n' +
    'One event: 201, or the problem. A batch: 200 when every event is logged; 207 when some are, and then each item says ' +
    'what became of it; 422 when every event breaks a rule; 503 when none is known to be logged. A 4xx means that the ' +
    'request has no effect. A 503 or a time-out means unknown: send it again with the same ids, or the same ' +
    'Idempotency-Key; an event is (tenant, source, id), and a repeat of it is applied once.\n\n' +
    'NDJSON: events are read, sent and answered while they come, and the answer is one result a line, in order, 200 ' +
    'from its first byte on. The last line says `end`, or `stopped` with the problem; an answer without it was cut, and ' +
    'what it does not name is unknown. With an Idempotency-Key the body is read whole first.\n\n' +
    'Each event is appended by itself. `validate=all` sends nothing unless every event is valid; it is no transaction, ' +
    'and a broker that goes away in the middle leaves a part logged. After an event of a subject was not acknowledged, ' +
    'later ones of that subject in the request are not sent (`not_attempted`), so that their order holds. Up to 100 ' +
    'events of one subject travel together.\n\n' +
    'Idempotency-Key, as draft-ietf-httpapi-idempotency-key-header says: the answer to a request that logged something ' +
    'is kept for 24 hours (a setting) and given again, with `Idempotency-Replayed: true`. 409 while the first is being ' +
    'answered; 422 for another body. A request that had no effect frees its key; one with an uncertain outcome may be ' +
    'sent again as it was, and is then worked out anew with the same event ids.',
  parameters: [
    headerParameter('Idempotency-Key', '1 to 255 printable ASCII characters, quoted or not; one request of a tenant'),
    headerParameter('Content-Encoding', 'gzip, br or zstd'),
    headerParameter('traceparent', 'W3C trace context; goes on in the events'),
    headerParameter('ce-specversion', 'Binary mode: `1.0`; the body is then `data` alone'),
    headerParameter('ce-type', 'Binary mode: a fact of the catalogue'),
    headerParameter('ce-source', 'Binary mode: who says so'),
    headerParameter('ce-id', 'Binary mode: left out, the event gets one'),
    headerParameter('ce-subject', 'Binary mode: left out, it follows from the payload'),
    headerParameter('ce-time', 'Binary mode: RFC 3339; left out: now'),
    queryParameter('ack', '`projected` waits until the journal has the events', {
      enum: ['logged', 'projected'],
      default: 'logged',
    }),
    queryParameter('projections', 'With `ack=projected`: wait for these instead, separated by commas'),
    queryParameter('wait', 'With `ack=projected`: milliseconds to wait, at most 30000', {
      type: 'integer',
      default: 5000,
    }),
    queryParameter('validate', '`all`: nothing is sent unless every event is valid. Not for NDJSON', {
      enum: ['each', 'all'],
      default: 'each',
    }),
    queryParameter('dry_run', '`true`: says what would happen, sends nothing and keeps no answer', {
      type: 'boolean',
      default: false,
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
      'application/x-ndjson': {
        schema: { type: 'string', description: 'One CloudEvent a line' },
        example: `${JSON.stringify(exampleEvent)}\n`,
      },
    },
  },
  responses: {
    '201': withReplayed(jsonResponse('The event is logged', 'SingleResult', logged)),
    '200': withReplayed({
      description: 'Every event of the batch is logged; NDJSON: the results; dry run: every event would be',
      content: {
        'application/json': {
          schema: {
            oneOf: [{ $ref: '#/components/schemas/BatchResult' }, { $ref: '#/components/schemas/ValidResult' }],
          },
          examples: {
            batch: { value: { items: [logged], position: examplePosition } },
            dry_run: { value: { status: 'valid', id: exampleEvent.id, topic: 'agent.events', partition: 3 } },
          },
        },
        'application/x-ndjson': {
          schema: { type: 'string', description: 'One result a line, with its `index`; then one with `status` `end`' },
          example:
            `${JSON.stringify({ index: 0, ...logged })}\n` +
            `${JSON.stringify({ status: 'end', items: 1, position: examplePosition })}\n`,
        },
      },
    }),
    '207': withReplayed(jsonResponse('Some events of the batch are logged', 'BatchResult')),
  },
  problems: [
    'INVALID_JSON',
    'TENANT_MISMATCH',
    'PAYLOAD_TOO_LARGE',
    'RECORD_TOO_LARGE',
    'QUOTA_EXCEEDED',
    'UNSUPPORTED_MEDIA_TYPE',
    'INVALID_EVENT',
    'UNKNOWN_EVENT_TYPE',
    'DECISION_NOT_ACCEPTED',
    'EXPECTED_VERSION_NOT_ACCEPTED',
    'OTHERS_REFUSED',
    'BATCH_REFUSED',
    'IDEMPOTENCY_KEY_IN_FLIGHT',
    'IDEMPOTENCY_KEY_REUSED',
    'REQUEST_TIMEOUT',
    'DELIVERY_UNKNOWN',
    'NOT_ATTEMPTED',
    'OVERLOADED',
    'STOPPING',
  ],
};

function withReplayed<Response extends object>(response: Response) {
  const description = '`true` where this answer was given before, to the same request';
  return { ...response, headers: { 'Idempotency-Replayed': { description, schema: { type: 'string' as const } } } };
}
