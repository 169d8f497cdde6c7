import { workflowLimits } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { within, type Faults } from '../source/fault.js';
import { callOf } from './calls.js';
import { errorFilter, faultAssign, raisedError, retryOf, type Used } from './errors.js';
import { waitFor } from './event-filter.js';
import {
  durationOf,
  isList,
  isObject,
  jqOf,
  refuseOthers,
  textIn,
  transformOf,
  valueOf,
  written,
  type JsonObject,
  type Place,
} from './task-reading.js';

/** Where a list of tasks stands. */
export interface Around {
  readonly pointer: string;
  readonly faults: Faults;
  readonly names: ReadonlySet<string>;
  readonly used: Used;
}

type States = Record<string, JsonObject>;

const common = ['if', 'input', 'output', 'export', 'timeout', 'then', 'metadata'];
const kinds = ['call', 'do', 'emit', 'for', 'fork', 'listen', 'raise', 'run', 'set', 'switch', 'try', 'wait'] as const;
/** What goes into a nested list of tasks. */
const handed = { data: '${context.task}', ctx: '${context.ctx}', vars: '${context.vars}' };

/** A list of tasks as a state machine whose `context` carries the data from task to task. */
export function flowOf(list: JsonValue | undefined, around: Around, context: JsonValue = '${input}'): JsonObject {
  const tasks = namedTasks(list, around);
  const states: States = {};
  tasks.forEach(({ name, task, pointer }, index) => {
    const next = tasks[index + 1]?.name ?? 'end_';
    addTask(states, { name, task, next, tasks: new Set(tasks.map((each) => each.name)) }, { ...around, pointer });
  });
  states['end_'] = { final: 'completed', output: { data: '${context.data}', ctx: '${context.ctx}' } };
  states['done_'] = { final: 'run_completed', output: { data: '${context.data}', ctx: '${context.ctx}' } };
  states['fault_'] = { final: 'failed', error: '${context.error}' };
  const start = tasks[0]?.name ?? 'end_';
  return { start, context, states: reachable(start, states), visits_max: workflowLimits.visitsMax };
}

interface NamedTask {
  readonly name: string;
  readonly task: JsonObject;
  readonly pointer: string;
}

function namedTasks(list: JsonValue | undefined, { pointer, faults }: Around): readonly NamedTask[] {
  if (!isList(list) || list.length === 0) {
    faults.add(pointer, 'must be a list of tasks');
    return [];
  }
  const seen = new Set<string>();
  return list.flatMap((entry, index) => {
    const [member, ...more] = isObject(entry) ? Object.entries(entry) : [];
    const at = within(pointer, index);
    if (member === undefined || more.length > 0 || !isObject(member[1])) {
      faults.add(at, 'must be one task with its name');
      return [];
    }
    const [name, task] = member;
    if (!/^[A-Za-z_][A-Za-z0-9_-]{0,55}$/.test(name))
      faults.add(within(at, name), 'must be named by letters, digits, _ and -');
    if (seen.has(name)) faults.add(within(at, name), 'has the name of a task before it');
    seen.add(name);
    return [{ name, task, pointer: within(at, name) }];
  });
}

interface Task {
  readonly name: string;
  readonly task: JsonObject;
  readonly next: string;
  readonly tasks: ReadonlySet<string>;
}

function addTask(states: States, given: Task, around: Around): void {
  const { name, task } = given;
  const { pointer, faults } = around;
  const kind = kinds.find((each) => Object.hasOwn(task, each) && !(each === 'do' && Object.hasOwn(task, 'for')));
  if (kind === undefined) {
    faults.add(pointer, `must be one of ${kinds.join(', ')}`);
    return;
  }
  const own = {
    for: ['for', 'do', 'while'],
    call: ['call', 'with'],
    listen: ['listen', 'foreach'],
    try: ['try', 'catch'],
  };
  refuseOthers(task, [...common, ...(kind in own ? own[kind as keyof typeof own] : [kind])], pointer, faults);
  const next = followerOf(task['then'], given, around);
  const body = `${name}__`;
  states[name] = entryOf(task, body, next, around);
  const place: Place = { ...around, dot: '.context.task', input: '.context.task' };
  for (const [state, made] of Object.entries(statesOf(kind, { ...given, name: body, next }, place, around))) {
    states[state] = made;
  }
}

/** Asks `if`, and puts the task's input where its expressions look for it. */
function entryOf(task: JsonObject, body: string, next: string, around: Around): JsonObject {
  const place: Place = { ...around, dot: '.context.data', input: '.context.data' };
  const input = isObject(task['input']) ? task['input'] : {};
  if (isObject(task['input'])) refuseOthers(task['input'], ['from'], within(around.pointer, 'input'), around.faults);
  const from = input['from'];
  const at = { ...place, pointer: within(around.pointer, 'input', 'from') };
  const enter = { to: body, assign: { task: from === undefined ? '${context.data}' : transformOf(from, at) } };
  const condition = task['if'];
  if (condition === undefined) return { next: enter, on_error: faultWay(around) };
  const when = written(`(${jqOf(String(condition), { ...place, pointer: within(around.pointer, 'if') })}) | . == true`);
  return { next: [{ ...enter, when }, { to: next }], on_error: faultWay(around) };
}

function faultWay({ pointer }: { readonly pointer: string }): JsonObject {
  return { to: 'fault_', assign: { error: faultAssign(pointer) } };
}

function followerOf(then: JsonValue | undefined, { next, tasks }: Task, { pointer, faults }: Around): string {
  if (then === undefined || then === 'continue') return next;
  if (then === 'end') return 'done_';
  if (then === 'exit') return 'end_';
  if (typeof then === 'string' && tasks.has(then)) return then;
  faults.add(within(pointer, 'then'), `names ${String(then)}, and there is no such task in this list`);
  return next;
}

/** What the task came to goes through `output.as` and `export.as`, and becomes the input of the next. */
function finish(task: JsonObject, raw: JsonValue, around: Around): readonly JsonObject[] {
  const { pointer, faults } = around;
  const of = (name: 'output' | 'export', dot: string): JsonValue | undefined => {
    const given = task[name];
    if (given === undefined) return undefined;
    const at = within(pointer, name);
    if (!isObject(given)) {
      faults.add(at, 'must be an object');
      return undefined;
    }
    refuseOthers(given, ['as'], at, faults);
    const place = { ...around, dot, input: '.context.task', pointer: within(at, 'as') };
    return given['as'] === undefined ? undefined : transformOf(given['as'], place);
  };
  const output = of('output', '.context.raw');
  const exported = of('export', '.context.raw');
  return [
    { raw },
    ...(output === undefined ? [] : [{ raw: output }]),
    ...(exported === undefined ? [] : [{ ctx: exported }]),
    { data: '${context.raw}' },
  ];
}

function statesOf(kind: (typeof kinds)[number], given: Task, place: Place, around: Around): States {
  const { name, task, next } = given;
  const timeout = timeoutOf(task['timeout'], around);
  const stepped = (step: JsonObject, raw: JsonValue = '${output}', more: JsonObject = {}): States => ({
    [name]: {
      step: { ...step, ...timeout, on_failure: 'fail' },
      next: { to: next, assign: finish(task, raw, around) },
      on_error: faultWay(around),
      ...more,
    },
  });
  const nested = (flow: JsonObject, input: JsonObject = handed): States => {
    const assign = [{ ctx: '${output.ctx}' }, ...finish(task, '${output.data}', around)];
    return stepped({ kind: 'flow', flow, input }, null, { next: { to: next, assign } });
  };
  const inner = (...path: readonly (string | number)[]): Around => ({
    ...around,
    pointer: within(around.pointer, ...path),
  });
  switch (kind) {
    case 'set': {
      const at = { ...place, pointer: within(around.pointer, 'set') };
      const raw = task['set'] === undefined ? null : valueOf(task['set'], at);
      return { [name]: { next: { to: next, assign: finish(task, raw, around) }, on_error: faultWay(around) } };
    }
    case 'switch':
      return { [name]: switchOf(given, place, around) };
    case 'raise': {
      const error = raisedError(task['raise'], place, around.used);
      return { [name]: { next: { to: 'fault_', assign: { error } }, on_error: faultWay(around) } };
    }
    case 'call':
      return stepped(callOf(task, place));
    case 'wait': {
      const ms = durationOf(task['wait'], within(around.pointer, 'wait'), around.faults);
      return stepped({ kind: 'timer', for: ms }, '${context.task}');
    }
    case 'emit':
      return stepped(emitOf(task, place, around));
    case 'run':
      return stepped(runOf(task, place, around));
    case 'listen':
      return stepped(listenOf(task, place));
    case 'do':
      return nested(flowOf(task['do'], inner('do')));
    case 'fork':
      return forkOf(task, stepped, inner('fork'));
    case 'for':
      return nested(loopOf(task, place, around));
    case 'try':
      return tryOf(given, nested, around);
  }
}

function timeoutOf(timeout: JsonValue | undefined, { pointer, faults, used }: Around): JsonObject {
  if (timeout === undefined) return {};
  const found = typeof timeout === 'string' ? used.timeouts[timeout] : timeout;
  if (isObject(found))
    return { timeouts: { whole: durationOf(found['after'], within(pointer, 'timeout', 'after'), faults) } };
  faults.add(within(pointer, 'timeout'), 'must be {after}, or the name of one in use.timeouts');
  return {};
}

function switchOf({ task, next, ...given }: Task, place: Place, around: Around): JsonObject {
  const cases = task['switch'];
  const at = within(around.pointer, 'switch');
  if (!isList(cases)) around.faults.add(at, 'must be a list of cases');
  const assign = finish(task, '${context.task}', around);
  const ways = (isList(cases) ? cases : []).flatMap((entry, index) => {
    const [member] = isObject(entry) ? Object.entries(entry) : [];
    if (member === undefined || !isObject(member[1])) {
      around.faults.add(within(at, index), 'must be one case with its name');
      return [];
    }
    const [name, own] = member;
    const pointer = within(at, index, name);
    const to = followerOf(own['then'], { ...given, task, next }, { ...around, pointer });
    if (own['when'] === undefined) return [{ to, assign }];
    const when = jqOf(String(own['when']), { ...place, pointer: within(pointer, 'when') });
    return [{ to, when: written(`(${when}) | . == true`), assign }];
  });
  return { next: [...ways, { to: next, assign }], on_error: faultWay(around) };
}

function emitOf(task: JsonObject, place: Place, { pointer, faults }: Around): JsonObject {
  const event = isObject(task['emit']) && isObject(task['emit']['event']) ? task['emit']['event']['with'] : undefined;
  const at = within(pointer, 'emit', 'event', 'with');
  if (!isObject(event)) {
    faults.add(at, 'must be an event');
    return { kind: 'script', value: null };
  }
  const { type, source, data, subject, ...others } = event;
  refuseOthers(others, ['id', 'time', 'specversion', 'datacontenttype'], at, faults);
  const made = (value: JsonValue | undefined, name: string) =>
    value === undefined ? undefined : valueOf(value, { ...place, pointer: within(at, name) });
  const shown = {
    specversion: '1.0',
    id: `\${run.id}-${pointer.replaceAll('/', '-')}`,
    time: '${run.started_at}',
    source: made(source, 'source') ?? 'urn:chorda:workflow',
    type: made(type, 'type') ?? null,
    ...(subject === undefined ? {} : { subject: made(subject, 'subject') ?? null }),
    data: made(data, 'data') ?? null,
  };
  return { kind: 'emit', event: shown.type, input: shown.data, output: shown };
}

function runOf(task: JsonObject, place: Place, { pointer, faults }: Around): JsonObject {
  const run = isObject(task['run']) ? task['run'] : {};
  const at = within(pointer, 'run');
  refuseOthers(run, ['workflow', 'await'], at, faults);
  const workflow = isObject(run['workflow']) ? run['workflow'] : undefined;
  if (workflow === undefined) {
    faults.add(at, 'is not supported: run but workflow. Chorda runs no containers, scripts or shells; a worker does');
    return { kind: 'script', value: null };
  }
  const inputPlace = { ...place, pointer: within(at, 'workflow', 'input') };
  return {
    kind: 'sub_workflow',
    workflow: textIn(workflow, 'name', within(at, 'workflow'), faults),
    input: workflow['input'] === undefined ? '${context.task}' : valueOf(workflow['input'], inputPlace),
    detached: run['await'] === false,
  };
}

function listenOf(task: JsonObject, place: Place): JsonObject {
  const { pointer, faults } = place;
  const at = within(pointer, 'listen');
  const listen = isObject(task['listen']) ? task['listen'] : {};
  refuseOthers(listen, ['to', 'read'], at, faults);
  if (task['foreach'] !== undefined) faults.add(within(pointer, 'foreach'), 'is not supported: foreach of listen');
  const to = isObject(listen['to']) ? listen['to'] : {};
  refuseOthers(to, ['one', 'any', 'all'], within(at, 'to'), faults);
  const read = listen['read'] === 'envelope' ? '${output}' : '${output.data}';
  const { one, any, all } = to;
  if (one !== undefined) return { ...waitFor(one, { ...place, pointer: within(at, 'to', 'one') }), output: [read] };
  const filters = any ?? all;
  if (!isList(filters) || filters.length === 0) {
    faults.add(within(at, 'to'), 'must have one, any or all with their filters');
    return { kind: 'script', value: null };
  }
  const steps = filters.map(
    (filter, index) =>
      [
        `event_${index}`,
        {
          ...waitFor(filter, { ...place, pointer: within(at, 'to', any === undefined ? 'all' : 'any', index) }),
          output: read,
        },
      ] as const,
  );
  const flow = {
    steps: Object.fromEntries(steps),
    ...(any === undefined ? { output: steps.map(([id]) => `\${steps.${id}.output}`) } : { join: 'first' }),
  };
  return { kind: 'flow', flow, ...(any === undefined ? {} : { output: ['${output}'] }) };
}

type Stepped = (step: JsonObject, raw?: JsonValue, more?: JsonObject) => States;

function forkOf(task: JsonObject, stepped: Stepped, around: Around): States {
  const fork = isObject(task['fork']) ? task['fork'] : {};
  refuseOthers(fork, ['branches', 'compete'], around.pointer, around.faults);
  const branches = namedTasks(fork['branches'], { ...around, pointer: within(around.pointer, 'branches') });
  const steps = branches.map(({ name, task: branch }, index) => {
    const at = { ...around, pointer: within(around.pointer, 'branches') };
    return [
      name,
      {
        kind: 'flow',
        on_failure: 'fail',
        flow: flowOf([{ [name]: branch }], { ...at, pointer: within(at.pointer, index) }),
      },
    ] as const;
  });
  const competes = fork['compete'] === true;
  const flow = {
    steps: Object.fromEntries(steps),
    ...(competes ? { join: 'first' } : { output: steps.map(([id]) => `\${steps[${JSON.stringify(id)}].output.data}`) }),
  };
  return stepped(
    { kind: 'flow', flow, input: handed },
    competes ? written('.output | .data // (to_entries[0].value.data?)') : '${output}',
  );
}

/** States that go round: what an iteration comes to goes into the next. */
function loopOf(task: JsonObject, place: Place, around: Around): JsonObject {
  const loop = isObject(task['for']) ? task['for'] : {};
  refuseOthers(loop, ['each', 'in', 'at'], within(around.pointer, 'for'), around.faults);
  const each = typeof loop['each'] === 'string' ? loop['each'] : 'item';
  const at = typeof loop['at'] === 'string' ? loop['at'] : 'index';
  const items = jqOf(textIn(loop, 'in', within(around.pointer, 'for'), around.faults), {
    ...place,
    dot: '.input.data',
    input: '.input.data',
  })
    .replaceAll('.context.ctx', '.input.ctx')
    .replaceAll('.context.vars', '.input.vars');
  const names = new Set([...around.names, each, at]);
  const bound = `{${JSON.stringify(each)}: .context.items[.context.index], ${JSON.stringify(at)}: .context.index}`;
  const asked: Place = {
    ...around,
    names,
    dot: '.context.data',
    input: '.context.data',
    pointer: within(around.pointer, 'while'),
  };
  const goesOn = task['while'] === undefined ? 'true' : `(${jqOf(String(task['while']), asked)}) == true`;
  return {
    start: 'next_',
    context: { data: '${input.data}', ctx: '${input.ctx}', vars: '${input.vars}', items: written(items), index: 0 },
    visits_max: workflowLimits.visitsMax,
    states: {
      next_: {
        next: [
          {
            to: 'asked_',
            when: 'context.index < size(context.items)',
            assign: { vars: written(`.context.vars + ${bound}`) },
          },
          { to: 'end_' },
        ],
        on_error: faultWay(around),
      },
      asked_: { next: [{ to: 'body_', when: written(goesOn) }, { to: 'end_' }], on_error: faultWay(around) },
      body_: {
        step: {
          kind: 'flow',
          on_failure: 'fail',
          input: { data: '${context.data}', ctx: '${context.ctx}', vars: '${context.vars}' },
          flow: flowOf(task['do'], { ...around, names, pointer: within(around.pointer, 'do') }),
        },
        next: {
          to: 'next_',
          assign: [{ data: '${output.data}' }, { ctx: '${output.ctx}' }, { index: '${context.index + 1}' }],
        },
        on_error: faultWay(around),
      },
      end_: { final: 'completed', output: { data: '${context.data}', ctx: '${context.ctx}' } },
      fault_: { final: 'failed', error: '${context.error}' },
    },
  };
}

function tryOf({ name, task, next }: Task, nested: (flow: JsonObject) => States, around: Around): States {
  const { pointer, faults, names, used } = around;
  const at = within(pointer, 'catch');
  const caught = isObject(task['catch']) ? task['catch'] : {};
  refuseOthers(caught, ['errors', 'as', 'when', 'exceptWhen', 'retry', 'do'], at, faults);
  const as = typeof caught['as'] === 'string' ? caught['as'] : 'error';
  const states = nested(flowOf(task['try'], { ...around, pointer: within(pointer, 'try') }));
  const filter = errorFilter(caught, as, { ...around, pointer: at });
  const handler = `${name}catch`;
  const bind = `.context.vars + {${JSON.stringify(as)}: (.error.details // {})}`;
  const way =
    caught['do'] === undefined
      ? { to: next, assign: finish(task, '${context.task}', around) }
      : { to: handler, assign: { vars: written(bind) } };
  const main = states[name];
  if (main === undefined) return states;
  const step = isObject(main['step']) ? main['step'] : {};
  const retry =
    caught['retry'] === undefined
      ? {}
      : { retry: retryOf(caught['retry'], filter, { ...around, pointer: within(at, 'retry') }, used) };
  states[name] = { ...main, step: { ...step, ...retry }, on_error: [{ ...way, ...filter }, faultWay(around)] };
  if (caught['do'] === undefined) return states;
  const assign = [{ ctx: '${output.ctx}' }, ...finish(task, '${output.data}', around)];
  states[handler] = {
    step: {
      kind: 'flow',
      on_failure: 'fail',
      input: handed,
      flow: flowOf(caught['do'], { ...around, names: new Set([...names, as]), pointer: within(at, 'do') }),
    },
    next: { to: next, assign },
    on_error: faultWay(around),
  };
  return states;
}

/** Only what can be come to: what nothing leads to would be a fault of the definition. */
function reachable(start: string, states: States): States {
  const found = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const state = states[name];
    if (state === undefined || found.has(name)) continue;
    found.add(name);
    for (const ways of [state['next'], state['on_error']]) {
      for (const way of isList(ways) ? ways : [ways]) if (isObject(way)) open.push(String(way['to']));
    }
  }
  return Object.fromEntries(Object.entries(states).filter(([name]) => found.has(name)));
}
