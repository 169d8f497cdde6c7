import { jsonDepthMax } from './exact-json.js';
import type { ProblemCode } from './problem.js';

/** What people need to know of a problem beside its title. */
interface ProblemHelp {
  /** When it is answered. */
  readonly cause: string;
  /** What the sender does about it. */
  readonly fix: string;
}

/** `docs/reference/errors.md` and the examples in `/openapi.json` are made of it. */
export const problemHelp: Readonly<Record<ProblemCode, ProblemHelp>> = {
  INVALID_REQUEST: {
    cause: 'A parameter, a header or the body breaks a rule; `errors` names each place and its rule.',
    fix: 'Change what `errors` names.',
  },
  INVALID_JSON: {
    cause: 'The body is not JSON, has a member twice, is nested too deep, or is not UTF-8.',
    fix: `Send one JSON document in UTF-8, each member once, at most ${jsonDepthMax} levels deep.`,
  },
  UNAUTHENTICATED: {
    cause: 'There is no API key or token, or it does not exist, is revoked or has expired.',
    fix: 'Send `Authorization: Bearer chd_...`; make a key with `chorda keys create`.',
  },
  FORBIDDEN: {
    cause: 'The key or token lacks the scope that the operation asks for; `detail` names it.',
    fix: 'Use a key with that scope, or ask somebody with the scope `admin` for one.',
  },
  TENANT_MISMATCH: {
    cause: 'The request names a tenant that is not the one of the credential.',
    fix: 'Leave the tenant out, or use a key of that tenant.',
  },
  NOT_FOUND: {
    cause:
      'Nothing has this address, or nothing that this credential may see. With `complete: false` the read model may ' +
      'only not have it yet.',
    fix: 'Look at the path and the id; where `complete` is false, ask again with `min_position`.',
  },
  METHOD_NOT_ALLOWED: {
    cause: 'The address is there, for other methods.',
    fix: 'Use one of those that `Allow` names.',
  },
  REQUEST_TIMEOUT: {
    cause: 'The whole request had not arrived when its time was over. Nothing of it was taken.',
    fix: 'Send it again; send a smaller one over a slow line.',
  },
  AMBIGUOUS_EVENT_ID: {
    cause: 'Several sources of the tenant used this id, and an event is named by source and id.',
    fix: 'Add `source=`.',
  },
  IDEMPOTENCY_KEY_IN_FLIGHT: {
    cause: 'A request with this Idempotency-Key has been taken and has no answer yet.',
    fix: 'Send it again after `Retry-After`: it then gets the answer of the first.',
  },
  SCHEMA_INCOMPATIBLE: {
    cause: 'With this version of the schema, readers could not read what others wrote, or the other way about.',
    fix: 'Give new fields a default and leave old ones as they are, or register another type.',
  },
  LIMIT_REACHED: {
    cause: 'The deployment has as many of these as its settings allow.',
    fix: 'Use what is there, or have the operator raise the limit that `detail` names.',
  },
  NOT_IN_THIS_STATE: {
    cause: 'What is asked for cannot be done in the state that the thing is in; `detail` names both.',
    fix: 'Read the thing again and do what its state allows.',
  },
  AGENT_NOT_FOUND: {
    cause: 'No agent with this id was created here. Agents that other systems tell of are not run here.',
    fix: 'Look at `GET /v1/agents`, or create it with `POST /v1/agents`.',
  },
  EXECUTION_NOT_FOUND: {
    cause: 'No execution with this id was started here, or its agent is another.',
    fix: 'Look at `GET /v1/executions`; right after its start name the agent by `agent_id`.',
  },
  ILLEGAL_TRANSITION: {
    cause: 'The agent or the execution is in a state that does not allow this; `state` names it.',
    fix: 'Do what its state allows; `detail` says what that is.',
  },
  AGENT_EXISTS: { cause: 'An agent with this id was created before.', fix: 'Use it, or leave `agent_id` out.' },
  AGENT_DELETED: { cause: 'The agent was deleted; its history stays.', fix: 'Create another.' },
  AGENT_BUSY: {
    cause: 'The agent runs as many executions as its `concurrency_max` allows.',
    fix: 'Come again when one has ended, or create the agent with a higher `concurrency_max`.',
  },
  EXECUTION_EXISTS: {
    cause: 'An execution with this id was started before, by another command.',
    fix: 'Leave `execution_id` out; to repeat a request use `Idempotency-Key`.',
  },
  LEASE_LOST: {
    cause: 'No heartbeat came within `lease_ms` of the call, it was answered otherwise, or its time is over.',
    fix: 'Stop what you do for it, and ask for other calls. Send heartbeats every third of `lease_ms`.',
  },
  INCIDENT_NOT_OPEN: {
    cause: 'The incident was settled, or is of another execution.',
    fix: 'Look at the open incidents of the execution with `GET /v1/executions/{id}/state`.',
  },
  MEMORY_FULL: {
    cause: 'The memory of the session has as many entries, or as many bytes, as it may.',
    fix: 'Forget what is needed no more, or keep it elsewhere and remember where.',
  },
  CONTEXT_TOO_LARGE: {
    cause: 'What was said in the execution is more than another can go on from.',
    fix: 'Start a new execution.',
  },
  INVALID_COMMAND: {
    cause: 'A rule of the agent does not allow a value; `pointer` names the field.',
    fix: 'Change the field.',
  },
  DECISIONS_OVERLOADED: {
    cause: 'Commands of this agent wait too long to be decided. Nothing was taken.',
    fix: 'Send it again after `Retry-After`.',
  },
  COMMAND_TOO_LARGE: {
    cause:
      'What the command makes is more than one batch of the log takes; `detail` names the bound. It has no effect.',
    fix: 'Give it in parts: end some of what the agent or the run has under way first, or start with less.',
  },
  COMMAND_FAULT: {
    cause: 'The command met a fault of Chorda and was set aside; it has no effect.',
    fix: 'Tell the operator: the command is on the dead-letter topic of its command topic.',
  },
  ALREADY_EXISTS: { cause: 'One with this name is there.', fix: 'Use it, or choose another name.' },
  PAYLOAD_NOT_FOUND: {
    cause: 'The tenant of the key has no payload of this name: it is of another tenant, or the store has lost it.',
    fix: 'Take `uri` from the field that refers to it. Where the store has lost it, put it back from its backup.',
  },
  PAYLOAD_CHANGED: {
    cause: 'What lies in the store under this name has another SHA-256: it was damaged or overwritten.',
    fix: 'Put it back from a backup of the store; `chorda payloads check` lists all that are damaged.',
  },
  PAYLOAD_TOO_LARGE: {
    cause: 'The body, or what it inflates to, is larger than a request may be, or holds too many events.',
    fix: 'Send several smaller requests, or NDJSON.',
  },
  RECORD_TOO_LARGE: {
    cause: 'One event is larger than a record of the log may be.',
    fix: 'Keep large things elsewhere and send their address.',
  },
  URI_TOO_LONG: { cause: 'A part of the address is longer than any id.', fix: 'Look at how the address is made.' },
  UNSUPPORTED_MEDIA_TYPE: {
    cause: 'The operation does not take this `Content-Type` or `Content-Encoding`.',
    fix: 'Use one that `/openapi.json` names for it.',
  },
  INVALID_EVENT: {
    cause: "An attribute breaks a rule of CloudEvents, or `data` a rule of the type's schema; `errors` says which.",
    fix: 'Change what `errors` names; `GET /v1/schemas/{type}` shows the schema.',
  },
  RUN_NOT_FOUND: {
    cause: 'No run with this id was started here, or the moment that was asked for is before its start.',
    fix: 'Look for it with `GET /v1/runs`; start one with `POST /v1/workflows/{name}/runs`.',
  },
  RUN_EXISTS: {
    cause: 'A run with this id was started before, by another request.',
    fix: 'Leave `run_id` out, or give `start_key`: then the same key is the same run and no error.',
  },
  SCHEDULE_NOT_FOUND: {
    cause: 'No schedule has this id, or it was deleted.',
    fix: 'Look for it with `GET /v1/schedules`; create one with `POST /v1/schedules`.',
  },
  SCHEDULE_EXISTS: {
    cause: 'A schedule with this id and other rules was created before.',
    fix: 'Change it with `PUT /v1/schedules/{id}`, or leave `schedule_id` out.',
  },
  INCIDENT_OPEN: {
    cause: 'A step of the run failed and its retries are used up; `incidents` names it.',
    fix: '`POST /v1/runs/{id}/retry` does it again, or says what became of it.',
  },
  TOO_MANY_SIGNALS: {
    cause: 'Signals wait in the run that none of its steps has taken.',
    fix: 'Send fewer, or with a shorter `ttl_ms`; look at what the run waits for in `GET /v1/runs/{id}/plan`.',
  },
  TASK_NOT_OPEN: {
    cause: 'The task was answered, has expired, or its run has ended.',
    fix: 'Read it with `GET /v1/tasks/{id}`.',
  },
  TASK_CLAIMED: {
    cause: 'Another person has taken the task upon themselves; `claimed_by` says who.',
    fix: 'Ask them to give it back: `POST /v1/tasks/{id}/claim` with `release`.',
  },
  TASK_FORBIDDEN: {
    cause: 'The task names who may decide it, and this person is none of them; or a token speaks for somebody else.',
    fix: 'Decide as one of its assignees, or as a member of one of its groups.',
  },
  INVALID_WORKFLOW: {
    cause:
      'The definition cannot be used; `errors` has the line, the column and the pointer of everything that is wrong.',
    fix: 'Change what `errors` names; `chorda workflows validate FILE` checks it without a server.',
  },
  INVALID_SCHEMA: {
    cause: 'It is not Avro or JSON Schema as it can be used here.',
    fix: 'Change what `errors` names.',
  },
  UNKNOWN_EVENT_TYPE: {
    cause: 'No event type has this name, or none that the tenant may use.',
    fix: 'Look at `GET /v1/schemas`, or register `external.<name>` with `PUT /v1/schemas/{type}`.',
  },
  DECISION_NOT_ACCEPTED: {
    cause: 'Events of this type are decided by Chorda from a command, and only facts can be sent.',
    fix: 'Send the command that `GET /v1/schemas/{type}` names.',
  },
  EXPECTED_VERSION_NOT_ACCEPTED: {
    cause: 'A fact came with an expected version, which only decisions have.',
    fix: 'Leave it out.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    cause: 'The Idempotency-Key came before with another body.',
    fix: 'Take a new key for a new request.',
  },
  OTHERS_REFUSED: {
    cause: 'With `validate=all` nothing is sent where one event of the request is refused.',
    fix: 'Mend the events that are refused and send all of them again.',
  },
  BATCH_REFUSED: { cause: 'Every event of the batch is refused.', fix: 'Look at the problem of each in `items`.' },
  UPGRADE_REQUIRED: {
    cause: 'The address speaks WebSocket, and the request does not.',
    fix: 'Open a WebSocket, or follow `GET /v1/stream`.',
  },
  RATE_LIMITED: {
    cause: 'The key or its tenant has sent more in this minute than its limit.',
    fix: 'Wait as `Retry-After` says; `RateLimit` on every answer shows what is left.',
  },
  QUOTA_EXCEEDED: {
    cause: 'The tenant has sent as many events as it may in 24 hours.',
    fix: 'Wait as `Retry-After` says, or have the quota raised.',
  },
  TOO_MANY_STREAMS: {
    cause: 'The key, the tenant or the gateway has as many live streams as it may.',
    fix: 'Close one, or follow several types in one.',
  },
  HEADERS_TOO_LARGE: { cause: 'The request headers are larger than 16 KiB.', fix: 'Send fewer or shorter headers.' },
  INTERNAL: {
    cause: 'A fault of Chorda. `request_id` finds it in the log of the gateway.',
    fix: 'Tell whoever runs it, with the `request_id`. What was sent may have had its effect.',
  },
  DELIVERY_UNKNOWN: {
    cause: 'The brokers did not acknowledge the event in time: it may be in the log, or may still come.',
    fix: 'Send it again with the same id or Idempotency-Key: it has no second effect.',
  },
  NOT_ATTEMPTED: {
    cause: 'An earlier event of the same subject in the request is uncertain, and order would be lost.',
    fix: 'Send it again behind the uncertain one, with the same ids.',
  },
  OVERLOADED: {
    cause: 'As much is being worked on as the gateway takes at once. Nothing of the request was taken.',
    fix: 'Send it again after `Retry-After`.',
  },
  STOPPING: {
    cause: 'This instance is being stopped. Nothing of the request was taken.',
    fix: 'Send it again: another instance answers.',
  },
  UNAVAILABLE: {
    cause: 'Kafka, Postgres, Redis or the registry cannot be reached, or has too few replicas in sync.',
    fix: 'Send it again after `Retry-After`, with the same ids; `/readyz` says what is away.',
  },
  QUERY_TIMEOUT: {
    cause: 'The read took longer than reads may.',
    fix: 'Ask for less: a shorter span of time, another filter, a smaller `limit`.',
  },
};
