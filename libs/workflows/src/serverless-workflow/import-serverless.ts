import type { Issue, JsonValue } from '@chorda/kernel';
import { within, Faults } from '../source/fault.js';
import {
  durationOf,
  isObject,
  jqOf,
  refuseOthers,
  textIn,
  transformOf,
  written,
  type JsonObject,
  type Place,
} from './task-reading.js';
import { flowOf } from './tasks.js';
import type { Used } from './errors.js';

/** Told apart from definitions of ours by its `document`. */
export function isServerlessWorkflow(value: JsonValue | undefined): value is JsonObject {
  return isObject(value) && isObject(value['document']);
}

/** A Serverless Workflow 1.0 document as one of ours, or what of it is not supported, each by its name. */
export function importServerless(source: JsonObject): {
  readonly document: JsonObject;
  readonly issues: readonly Issue[];
} {
  const faults = new Faults();
  refuseOthers(source, ['document', 'input', 'use', 'do', 'output', 'timeout'], '', faults);
  const about = isObject(source['document']) ? source['document'] : {};
  if (!/^1\.0\.\d+/.test(textIn(about, 'dsl', '/document', faults))) {
    faults.add('/document/dsl', 'must be a version 1.0 of the language');
  }
  const namespace = about['namespace'];
  const name = textIn(about, 'name', '/document', faults).toLowerCase();
  const used = usedOf(source['use'], faults);
  const around = { pointer: '/do', faults, names: new Set<string>(), used };
  const place: Place = { pointer: '', faults, names: new Set(), dot: '.input', input: '.input' };
  const input = isObject(source['input']) ? source['input'] : {};
  refuseOthers(input, ['from', 'schema'], '/input', faults);
  const output = isObject(source['output']) ? source['output'] : {};
  refuseOthers(output, ['as', 'schema'], '/output', faults);
  const timeout = source['timeout'];
  const timeoutObject = typeof timeout === 'string' ? used.timeouts[timeout] : timeout;
  const flow = flowOf(source['do'], around, { data: '${input}', ctx: {}, vars: {} });
  const document: JsonObject = {
    workflow: namespace === undefined || namespace === 'default' ? name : `${String(namespace)}.${name}`,
    version: typeof about['version'] === 'string' ? about['version'] : '1',
    ...(typeof about['title'] === 'string' ? { title: about['title'] } : {}),
    ...(input['schema'] === undefined ? {} : { input_schema: schemaOf(input['schema'], '/input/schema', faults) }),
    ...(output['schema'] === undefined ? {} : { output_schema: schemaOf(output['schema'], '/output/schema', faults) }),
    ...(input['from'] === undefined
      ? {}
      : { run_input: transformOf(input['from'], { ...place, pointer: '/input/from' }) }),
    run_output:
      output['as'] === undefined
        ? '${output.data}'
        : typeof output['as'] === 'string'
          ? written(jqOf(output['as'], { ...place, dot: '.output.data', pointer: '/output/as' }))
          : transformOf(output['as'], { ...place, dot: '.output.data', pointer: '/output/as' }),
    ...(timeoutObject === undefined
      ? {}
      : {
          timeout: durationOf(isObject(timeoutObject) ? timeoutObject['after'] : undefined, '/timeout/after', faults),
        }),
    ...flow,
  };
  return { document, issues: faults.all };
}

function usedOf(use: JsonValue | undefined, faults: Faults): Used {
  const given = isObject(use) ? use : {};
  refuseOthers(given, ['retries', 'errors', 'timeouts'], '/use', faults);
  const part = (name: 'retries' | 'errors' | 'timeouts') => (isObject(given[name]) ? given[name] : {});
  return { retries: part('retries'), errors: part('errors'), timeouts: part('timeouts') };
}

function schemaOf(schema: JsonValue, pointer: string, faults: Faults): JsonValue {
  if (isObject(schema) && isObject(schema['document']) && (schema['format'] ?? 'json') === 'json')
    return schema['document'];
  faults.add(within(pointer, 'document'), 'is not supported: a schema but an inline JSON Schema');
  return true;
}
