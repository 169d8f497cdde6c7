export type { Brand } from './brand.js';
export { systemClock, sleep, type Clock } from './clock.js';
export { assertNever, BackboneError, InvalidInputError, type Issue } from './errors.js';
export { defaultTenant, derivedId, newId, tenantId, tenantIdPattern, type TenantId } from './ids.js';
export { GroupedCalls } from './grouped-calls.js';
export type { JsonValue } from './json.js';
export { silentLogger, type LogFields, type Logger } from './logger.js';
export { asPayloadRef, inlineBytesMax, isSha256, payloadRef, type PayloadRef } from './payload-ref.js';
