import type { JsonValue } from '@chorda/kernel';
import { type Faults, within } from '../source/fault.js';
import {
  durationOf,
  isObject,
  jqOf,
  refuseOthers,
  valueOf,
  written,
  type JsonObject,
  type Place,
} from './task-reading.js';

/** What `use` names, for those that refer to it. */
export interface Used {
  readonly retries: JsonObject;
  readonly errors: JsonObject;
  readonly timeouts: JsonObject;
}

const types = 'https://serverlessworkflow.io/spec/1.0.0/errors/';

/** An error of ours as the specification has it; one that has that form already, from a task within, stays as it is. */
export function faultAssign(pointer: string): string {
  const kind =
    'if .class == "http" or .class == "tool" then "communication" elif .class == "timeout" then "timeout" ' +
    'elif .class == "expression" then "expression" elif .class == "schema" then "validation" else "runtime" end';
  const status =
    '.status // (if .class == "timeout" then 408 elif .class == "expression" or .class == "schema" then 400 else 500 end)';
  const made =
    `{type: (${JSON.stringify(types)} + (${kind})), status: (${status}), title: .message, ` +
    `detail: .message, instance: ${JSON.stringify(pointer)}}`;
  const whole = `(if (.details | type) == "object" and (.details | has("instance")) then .details else ${made} end)`;
  return written(
    `.error as $e | ($e | ${whole}) as $sw | ` +
      '{class: $sw.type, code: ($e.code // "RAISED"), message: ($sw.title // "An error"), status: $sw.status, details: $sw}',
  );
}

/** `raise`: inline, or by its name in `use.errors`. */
export function raisedError(raise: JsonValue | undefined, place: Place, used: Used): JsonValue {
  const at = within(place.pointer, 'raise', 'error');
  const given = isObject(raise) ? raise['error'] : undefined;
  const error = typeof given === 'string' ? used.errors[given] : given;
  if (!isObject(error)) {
    place.faults.add(at, 'must be an error, or the name of one in use.errors');
    return null;
  }
  refuseOthers(error, ['type', 'status', 'title', 'detail', 'instance'], at, place.faults);
  const made = Object(valueOf(error, { ...place, pointer: at })) as JsonObject;
  const { type = `${types}runtime`, title = 'An error', status = null } = made;
  return {
    class: type,
    code: 'RAISED',
    message: title,
    status,
    details: { instance: place.pointer, ...made },
  };
}

/** Which errors a `catch` takes, as `errors` and `when` of ours. Types are told by their last part. */
export function errorFilter(
  caught: JsonObject,
  as: string,
  around: Pick<Place, 'pointer' | 'faults' | 'names'>,
): JsonObject {
  const { faults, pointer } = around;
  const conditions: string[] = [];
  const errors = isObject(caught['errors']) ? caught['errors'] : {};
  refuseOthers(errors, ['with'], within(pointer, 'errors'), faults);
  const filter = isObject(errors['with']) ? errors['with'] : {};
  refuseOthers(filter, ['type', 'status', 'instance', 'title', 'detail'], within(pointer, 'errors', 'with'), faults);
  for (const [name, value] of Object.entries(filter)) {
    const wanted = JSON.stringify(value);
    conditions.push(
      name === 'type'
        ? `((.error.details.type // "") | split("/") | last) == (${wanted} | split("/") | last)`
        : `.error.details.${name} == ${wanted}`,
    );
  }
  const place: Place = { ...around, names: new Set([as]), dot: '.context.task', input: '.context.task' };
  for (const [name, wanted] of [
    ['when', 'true'],
    ['exceptWhen', 'false'],
  ] as const) {
    const text = caught[name];
    if (typeof text !== 'string') continue;
    const asked = jqOf(text, { ...place, pointer: within(pointer, name) });
    conditions.push(`((${asked.replaceAll(`.context.vars[${JSON.stringify(as)}]`, '.error.details')}) == ${wanted})`);
  }
  return conditions.length === 0 ? {} : { when: written(conditions.map((each) => `(${each})`).join(' and ')) };
}

/** A retry policy as a rule of ours. */
export function retryOf(
  given: JsonValue,
  filter: JsonObject,
  { pointer, faults }: { readonly pointer: string; readonly faults: Faults },
  used: Used,
): JsonValue {
  const policy = typeof given === 'string' ? used.retries[given] : given;
  if (!isObject(policy)) {
    faults.add(pointer, 'must be a retry policy, or the name of one in use.retries');
    return [];
  }
  refuseOthers(policy, ['delay', 'backoff', 'limit', 'jitter'], pointer, faults);
  const limit = isObject(policy['limit']) ? policy['limit'] : {};
  const attempt = isObject(limit['attempt']) ? limit['attempt'] : {};
  const count = attempt['count'];
  const backoff = isObject(policy['backoff']) ? Object.keys(policy['backoff'])[0] : 'constant';
  const kind = backoff === 'exponential' || backoff === 'linear' ? backoff : 'constant';
  const delay = policy['delay'] === undefined ? 0 : durationOf(policy['delay'], within(pointer, 'delay'), faults);
  const most = limit['duration'];
  return {
    // The first try is no retry.
    attempts: typeof count === 'number' ? Math.min(100, count + 1) : 100,
    backoff: { kind, delay, jitter: policy['jitter'] === undefined ? 0 : 0.2 },
    ...(Object.keys(filter).length === 0 ? {} : { errors: filter }),
    ...(most === undefined ? {} : { time_max: durationOf(most, within(pointer, 'limit', 'duration'), faults) }),
  };
}
