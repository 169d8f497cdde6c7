import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse } from '../reference/operation-parts.js';

const exampleTenant = {
  tenant_id: 'acme',
  name: 'Acme Ltd',
  created_at: '2026-11-21T09:30:00.000Z',
  disabled_at: null,
  requests_per_minute: 6_000,
  events_per_minute: 600_000,
  events_per_day: null,
};

const idParameter = {
  name: 'tenant_id',
  in: 'path' as const,
  required: true,
  schema: { type: 'string', pattern: '^[a-z0-9-]{1,63}$', example: 'acme' },
};

const bodyOf = (schema: string, value: unknown) => ({
  required: true,
  content: {
    'application/json': { schema: { $ref: `#/components/schemas/${schema}` }, examples: { usual: { value } } },
  },
});

const written = ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const;

export const ownTenant: OperationDocument = {
  operationId: 'showOwnTenant',
  tags: ['access'],
  summary: 'The tenant of the credential, and its limits',
  responses: { '200': jsonResponse('The tenant', 'Tenant', exampleTenant) },
  problems: ['NOT_FOUND'],
};

export const listTenants: OperationDocument = {
  operationId: 'listTenants',
  tags: ['access'],
  summary: 'All tenants of the deployment, by id; at most 10000',
  responses: { '200': jsonResponse('The tenants', 'Tenants', { items: [exampleTenant] }) },
  problems: [],
};

export const showTenant: OperationDocument = {
  operationId: 'showTenant',
  tags: ['access'],
  summary: 'One tenant',
  parameters: [idParameter],
  responses: { '200': jsonResponse('The tenant', 'Tenant', exampleTenant) },
  problems: ['NOT_FOUND'],
};

export const createTenant: OperationDocument = {
  operationId: 'createTenant',
  tags: ['access'],
  summary: 'Make a tenant',
  description: 'The change is on `audit.events` as `tenant.created`.',
  requestBody: bodyOf('NewTenant', { tenant_id: 'acme', name: 'Acme Ltd', requests_per_minute: 6_000 }),
  responses: { '201': jsonResponse('The tenant', 'Tenant', exampleTenant) },
  problems: [...written, 'ALREADY_EXISTS'],
};

export const changeTenant: OperationDocument = {
  operationId: 'changeTenant',
  tags: ['access'],
  summary: 'Rename a tenant, change its limits, or disable it',
  description:
    'What is left out stays; null takes a limit away, so that the settings of the gateway hold. A disabled tenant keeps ' +
    'its events; its credentials are refused a second later. The change is on `audit.events` as `tenant.changed`.',
  parameters: [idParameter],
  requestBody: bodyOf('TenantChange', { events_per_minute: 600_000 }),
  responses: { '200': jsonResponse('The tenant as it is now', 'Tenant', exampleTenant) },
  problems: [...written, 'NOT_FOUND'],
};

const limitOf = (description: string) => ({ type: ['integer', 'null'], minimum: 1, description });
const changes = {
  disabled: { type: 'boolean' },
  requests_per_minute: limitOf('Requests of the whole tenant in any minute'),
  events_per_minute: limitOf('Events in any minute'),
  events_per_day: limitOf('Events in any 24 hours'),
};
const name = { type: 'string', minLength: 1, maxLength: 100 };
const tenantProperties = {
  tenant_id: { type: 'string' },
  name: { type: 'string' },
  created_at: { type: 'string', format: 'date-time' },
  disabled_at: { type: ['string', 'null'], description: 'Since when its credentials are refused' },
  requests_per_minute: limitOf('null: as the settings of the gateway say'),
  events_per_minute: limitOf('null: as the settings of the gateway say'),
  events_per_day: limitOf('null: as the settings of the gateway say'),
};

export const tenantSchemas = {
  Tenant: { type: 'object', required: Object.keys(tenantProperties), properties: tenantProperties },
  Tenants: {
    type: 'object',
    required: ['items'],
    properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Tenant' } } },
  },
  NewTenant: {
    type: 'object',
    required: ['tenant_id', 'name'],
    additionalProperties: false,
    properties: { tenant_id: { type: 'string', pattern: '^[a-z0-9-]{1,63}$' }, name, ...changes },
  },
  TenantChange: { type: 'object', additionalProperties: false, properties: { name, ...changes } },
} satisfies Record<string, unknown>;
