/**
 * How the gateway closes a WebSocket. Below 4000 stand the codes of RFC 6455 and its registry, from there ours. Besides
 * these the protocol itself closes with 1002 (no WebSocket), 1007 (a text that is not UTF-8), 1008 (a message in too many
 * pieces) and 1009 (a message over the limit).
 */
export const closeCodes = {
  /** Binary messages are not taken. */
  BINARY: 1003,
  INTERNAL: 1011,
  /** The gateway stops: come again, to it or another. */
  RESTART: 1012,
  /** Too many messages that broke a rule. */
  BAD_MESSAGES: 4400,
  /** No token, a wrong one, or one that is no longer good. */
  UNAUTHENTICATED: 4401,
  /** The token does not allow reading events. */
  FORBIDDEN: 4403,
  /** It did not say in time who it is. */
  AUTHENTICATION_TIMEOUT: 4408,
  /** Too many messages, or the tenant or key has too many connections. */
  TOO_MANY: 4429,
  /** The gateway has too many connections. */
  OVERLOADED: 4503,
} as const;

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];
