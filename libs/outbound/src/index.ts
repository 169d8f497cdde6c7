export { AddressGuard, type Address, type Resolve } from './address-guard.js';
export {
  guardedRequest,
  type GuardedRequest,
  type GuardedResponse,
  type HttpMethod,
  type RequestBounds,
} from './guarded-request.js';
export {
  OutboundAbortedError,
  OutboundError,
  OutboundFailedError,
  OutboundRefusedError,
  type Effect,
} from './outbound-errors.js';
export { hostList, networkList, portList, secretMap } from './outbound.env.js';
export {
  checkSecretTarget,
  headerOf,
  secretOf,
  secretSchema,
  withoutSecret,
  type Secret,
  type Secrets,
} from './secrets.js';
export { signed, signingKeyOf } from './standard-webhooks.js';
export { lawfulUrl, matchesHost, type UrlRules } from './url-rules.js';
