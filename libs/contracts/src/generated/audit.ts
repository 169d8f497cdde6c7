// libs/contracts/src/generated/audit.ts: written by `npm run contracts:generate`, never by hand.
import type { Event, JsonText } from '../event.js';
import type { SessionId } from './ids.js';

/** What kind of actor. */
export type ActorType = 'unknown' | 'user' | 'api_key' | 'service' | 'anonymous';

/** Somebody changed settings, access or data of the backbone. */
export type Changed = Event<
  'audit.changed',
  {
    /** Who acted: id of a user, API key or service; `anonymous` where nobody was recognised. */
    readonly actor_id: string;
    /** What kind of actor. */
    readonly actor_type: ActorType;
    /** What was done, `<resource>.<verb>`, e.g. key.revoked. */
    readonly action: string;
    /** Kind of what it was done to: key, user, subscription, topic. */
    readonly resource_type: string;
    /** Id of what it was done to; null where it has none. */
    readonly resource_id: string | null;
    /** The old value without secrets: any JSON value. Personal data. */
    readonly before: JsonText | null;
    /** The new value without secrets: any JSON value. Personal data. */
    readonly after: JsonText | null;
    /** Why, in the words of the actor. Personal data. */
    readonly reason: string | null;
    /** Network address that the request came from. Personal data. */
    readonly ip_address: string | null;
    /** User-Agent of the request. Personal data. */
    readonly user_agent: string | null;
  }
>;

/** Somebody was refused. */
export type Denied = Event<
  'audit.denied',
  {
    /** Who acted: id of a user, API key or service; `anonymous` where nobody was recognised. */
    readonly actor_id: string;
    /** What kind of actor. */
    readonly actor_type: ActorType;
    /** What was done, `<resource>.<verb>`, e.g. key.revoked. */
    readonly action: string;
    /** Kind of what it was done to: key, user, subscription, topic. */
    readonly resource_type: string;
    /** Id of what it was done to; null where it has none. */
    readonly resource_id: string | null;
    /** Stable UPPER_SNAKE_CASE code of the refusal. */
    readonly code: string;
    /** Why, in one sentence for people. */
    readonly detail: string;
    /** Network address that the request came from. Personal data. */
    readonly ip_address: string | null;
    /** User-Agent of the request. Personal data. */
    readonly user_agent: string | null;
  }
>;

/** Somebody signed in. */
export type SignedIn = Event<
  'audit.signed_in',
  {
    /** Who acted: id of a user, API key or service; `anonymous` where nobody was recognised. */
    readonly actor_id: string;
    /** What kind of actor. */
    readonly actor_type: ActorType;
    /** password, oidc, refresh_token, api_key; later ones may come. */
    readonly method: string;
    /** The session that began. */
    readonly session_id: SessionId | null;
    /** Network address that the request came from. Personal data. */
    readonly ip_address: string | null;
    /** User-Agent of the request. Personal data. */
    readonly user_agent: string | null;
  }
>;

/** Every event of area audit. */
export type AuditEvent =
  | Changed
  | Denied
  | SignedIn;
