import { scopes, roles } from '../auth/scopes.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';

const exampleKey = {
  key_id: '4k0c1m9x2ab7',
  tenant_id: 'default',
  name: 'billing-service',
  scopes: ['events:write', 'events:read'],
  state: 'valid',
  created_at: '2026-11-21T09:30:00.000Z',
  created_by: '0aa1bb2cc3dd',
  expires_at: null,
  revoked_at: null,
  requests_per_minute: null,
  events_per_minute: 60_000,
};
const exampleText = 'chd_4k0c1m9x2ab7_REDACTEDREDACTEDREDACTEDREDACTEDREDACTED00000000';

const keyIdParameter = {
  name: 'key_id',
  in: 'path' as const,
  required: true,
  schema: { type: 'string', example: exampleKey.key_id },
  description: 'The visible part of the key, between the two underscores',
};

export const createKey: OperationDocument = {
  operationId: 'createKey',
  tags: ['access'],
  summary: 'Make an API key; its text is in this answer and nowhere else',
  description:
    'A key cannot give what it does not have. With `deployment:operate` it may be for another tenant. Only a hash of ' +
    'the key is kept. The change is on `audit.events` as `key.created`.',
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/NewApiKey' },
        examples: {
          producer: { value: { name: 'billing-service', role: 'producer', expires_in_days: 90 } },
          limited: { value: { name: 'import', scopes: ['events:write'], events_per_minute: 60_000 } },
        },
      },
    },
  },
  responses: {
    '201': jsonResponse('The key and its text', 'ApiKeyWithText', { ...exampleKey, key: exampleText }),
  },
  problems: ['INVALID_JSON', 'TENANT_MISMATCH', 'NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'],
};

export const listKeys: OperationDocument = {
  operationId: 'listKeys',
  tags: ['access'],
  summary: 'The API keys of the tenant, newest first, without their secrets; at most 1000',
  responses: { '200': jsonResponse('The keys', 'ApiKeys', { items: [exampleKey] }) },
  problems: [],
};

export const showKey: OperationDocument = {
  operationId: 'showKey',
  tags: ['access'],
  summary: 'One API key of the tenant, without its secret',
  parameters: [keyIdParameter],
  responses: { '200': jsonResponse('The key', 'ApiKey', exampleKey) },
  problems: ['NOT_FOUND'],
};

export const revokeKey: OperationDocument = {
  operationId: 'revokeKey',
  tags: ['access'],
  summary: 'End an API key: every gateway refuses it a second later; what it has open is closed',
  parameters: [keyIdParameter],
  responses: { '204': { description: 'The key is revoked' } },
  problems: ['NOT_FOUND'],
};

const nullable = (type: string, description: string) => ({ type: [type, 'null'], description });
const scopeList = { type: 'array', items: { enum: [...scopes] } };

const keyProperties = {
  key_id: { type: 'string' },
  tenant_id: { type: 'string' },
  name: { type: 'string' },
  scopes: { type: 'array', items: { type: 'string' } },
  state: { enum: ['valid', 'revoked', 'expired'] },
  created_at: { type: 'string', format: 'date-time' },
  created_by: nullable('string', 'Who made it; null for keys of before that was kept'),
  expires_at: nullable('string', 'null: never'),
  revoked_at: nullable('string', 'null: it was not'),
  requests_per_minute: nullable('integer', 'null: as the settings of the gateway say'),
  events_per_minute: nullable('integer', 'null: as the settings of the gateway say'),
};

export const keySchemas = {
  NewApiKey: {
    type: 'object',
    required: ['name'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', minLength: 1, maxLength: 100, description: 'What it is for, for people' },
      role: { enum: Object.keys(roles), description: 'A usual bundle of scopes' },
      scopes: { ...scopeList, minItems: 1, description: 'Beside those of the role' },
      tenant_id: { type: 'string', pattern: '^[a-z0-9-]{1,63}$', description: 'Default: your own' },
      expires_at: { type: 'string', format: 'date-time' },
      expires_in_days: { type: 'integer', minimum: 1, maximum: 3_650 },
      requests_per_minute: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
      events_per_minute: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
    },
  },
  ApiKey: { type: 'object', required: Object.keys(keyProperties), properties: keyProperties },
  ApiKeyWithText: {
    type: 'object',
    required: [...Object.keys(keyProperties), 'key'],
    properties: { ...keyProperties, key: { type: 'string', description: 'Keep it now: it is not shown again' } },
  },
  ApiKeys: {
    type: 'object',
    required: ['items'],
    properties: { items: { type: 'array', items: { $ref: '#/components/schemas/ApiKey' } } },
  },
} satisfies Record<string, unknown>;
