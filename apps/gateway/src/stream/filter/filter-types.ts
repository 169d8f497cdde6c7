/** A type of CEL as far as it is known before any event: `dyn` is what only an event will tell. */
export type CelTypeName =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'list'
  | 'map'
  | 'timestamp'
  | 'duration'
  | 'type'
  | 'dyn';

/** What an expression may name. `data` is the payload as JSON shows it. */
export const filterVariables: Readonly<Record<string, CelTypeName>> = {
  type: 'string',
  source: 'string',
  subject: 'string',
  id: 'string',
  time: 'timestamp',
  tenant: 'string',
  topic: 'string',
  correlation_id: 'string',
  causation_id: 'dyn',
  data: 'map',
};

/** Names of types, which stand for themselves: `type(data.x) == string`. */
export const typeNames: ReadonlySet<string> = new Set([
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'null_type',
  'list',
  'map',
  'type',
]);

interface Signature {
  readonly target?: CelTypeName;
  readonly parameters: readonly CelTypeName[];
  readonly result: CelTypeName;
}

const of = (result: CelTypeName, ...parameters: readonly CelTypeName[]): Signature => ({ parameters, result });
const method = (target: CelTypeName, result: CelTypeName, ...parameters: readonly CelTypeName[]): Signature => ({
  target,
  parameters,
  result,
});

const numbers: readonly CelTypeName[] = ['int', 'uint', 'double'];
const ordered: readonly CelTypeName[] = [...numbers, 'string', 'bool', 'bytes', 'timestamp', 'duration'];
const isNumber = (type: CelTypeName) => numbers.includes(type);

/** Numbers of every kind compare with each other, all else with its like. */
const comparison: readonly Signature[] = ordered.flatMap((left) =>
  ordered
    .filter((right) => left === right || (isNumber(left) && isNumber(right)))
    .map((right) => of('bool', left, right)),
);
const arithmetic = numbers.map((type) => of(type, type, type));
const parts = ['getFullYear', 'getMonth', 'getDayOfMonth', 'getDate', 'getDayOfWeek', 'getDayOfYear'];
const times = ['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'];

/** Every function and operator that may stand in an expression. Equality and logic are checked by their own rules. */
export const signatures: ReadonlyMap<string, readonly Signature[]> = new Map<string, readonly Signature[]>([
  ['_<_', comparison],
  ['_<=_', comparison],
  ['_>_', comparison],
  ['_>=_', comparison],
  [
    '_+_',
    [
      ...arithmetic,
      of('string', 'string', 'string'),
      of('bytes', 'bytes', 'bytes'),
      of('list', 'list', 'list'),
      of('timestamp', 'timestamp', 'duration'),
      of('timestamp', 'duration', 'timestamp'),
      of('duration', 'duration', 'duration'),
    ],
  ],
  [
    '_-_',
    [
      ...arithmetic,
      of('timestamp', 'timestamp', 'duration'),
      of('duration', 'timestamp', 'timestamp'),
      of('duration', 'duration', 'duration'),
    ],
  ],
  ['_*_', arithmetic],
  ['_/_', arithmetic],
  ['_%_', [of('int', 'int', 'int'), of('uint', 'uint', 'uint')]],
  ['-_', [of('int', 'int'), of('double', 'double')]],
  ['_[_]', [of('dyn', 'list', 'int'), of('dyn', 'list', 'uint'), of('dyn', 'list', 'double'), of('dyn', 'map', 'dyn')]],
  ['@in', [of('bool', 'dyn', 'list'), of('bool', 'dyn', 'map')]],
  [
    'size',
    ['string', 'bytes', 'list', 'map'].flatMap((type) => {
      const sized = type as CelTypeName;
      return [of('int', sized), method(sized, 'int')];
    }),
  ],
  ['contains', [method('string', 'bool', 'string')]],
  ['startsWith', [method('string', 'bool', 'string')]],
  ['endsWith', [method('string', 'bool', 'string')]],
  ['matches', [method('string', 'bool', 'string')]],
  ['int', [...numbers, 'string', 'timestamp'].map((type) => of('int', type as CelTypeName))],
  ['uint', [...numbers, 'string'].map((type) => of('uint', type as CelTypeName))],
  ['double', [...numbers, 'string'].map((type) => of('double', type as CelTypeName))],
  ['bool', [of('bool', 'bool'), of('bool', 'string')]],
  ['string', ordered.map((type) => of('string', type))],
  ['bytes', [of('bytes', 'string'), of('bytes', 'bytes')]],
  ['timestamp', [of('timestamp', 'string'), of('timestamp', 'timestamp'), of('timestamp', 'int')]],
  ['duration', [of('duration', 'string'), of('duration', 'duration')]],
  ['type', [of('type', 'dyn')]],
  ['dyn', [of('dyn', 'dyn')]],
  ...parts.map((name): [string, readonly Signature[]] => [
    name,
    [method('timestamp', 'int'), method('timestamp', 'int', 'string')],
  ]),
  ...times.map((name): [string, readonly Signature[]] => [
    name,
    [method('timestamp', 'int'), method('timestamp', 'int', 'string'), method('duration', 'int')],
  ]),
]);

/** Whether a value of the one type may turn out to be of the other. */
export function fits(actual: CelTypeName, wanted: CelTypeName): boolean {
  return actual === wanted || actual === 'dyn' || wanted === 'dyn';
}

/** Whether the two can ever be equal. */
export function comparable(left: CelTypeName, right: CelTypeName): boolean {
  return fits(left, right) || left === 'null' || right === 'null' || (isNumber(left) && isNumber(right));
}
