import type { JsonValue } from '@chorda/kernel';
import { within } from '../source/fault.js';
import { isObject, jqOf, refuseOthers, textIn, valueOf, written, type JsonObject, type Place } from './task-reading.js';

/** One filter of a `listen`: a type, and at most one correlation that says what is expected. */
export function waitFor(filter: JsonValue, place: Place): JsonObject {
  const { pointer, faults } = place;
  const given = isObject(filter) && isObject(filter['with']) ? filter['with'] : {};
  if (isObject(filter)) refuseOthers(filter, ['with', 'correlate'], pointer, faults);
  refuseOthers(given, ['type'], within(pointer, 'with'), faults);
  return {
    kind: 'wait',
    event: textIn(given, 'type', within(pointer, 'with'), faults),
    ...(isObject(filter) && filter['correlate'] !== undefined ? correlated(filter['correlate'], place) : {}),
  };
}

function correlated(correlate: JsonValue, place: Place): JsonObject {
  const { faults } = place;
  const at = within(place.pointer, 'correlate');
  const [only, ...more] = isObject(correlate) ? Object.entries(correlate) : [];
  if (only === undefined || more.length > 0) {
    faults.add(at, 'must have one correlation: more than one is not supported');
    return {};
  }
  const [name, said] = only;
  const pointer = within(at, name);
  const { from, expect } = { from: undefined, expect: undefined, ...(isObject(said) ? said : {}) };
  if (typeof from !== 'string' || expect === undefined) {
    faults.add(pointer, 'must have from and expect: that the first event says what is expected is not supported');
    return {};
  }
  // The key of an event is made before anybody knows which run it is for: nothing of the run is there.
  const ofEvent: Place = { ...place, pointer: within(pointer, 'from'), names: new Set(), dot: '.event' };
  return {
    key: valueOf(expect, { ...place, pointer: within(pointer, 'expect') }),
    correlate: written(jqOf(from, ofEvent)),
  };
}
