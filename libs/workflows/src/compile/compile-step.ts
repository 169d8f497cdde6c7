import { workflowLimits, type Catch, type Flow, type Step, type StepBase, type StepKind } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import type { MapDocument, StepDocument, StepKindDocument, WebhookDocument } from '../document/types.js';
import { within } from '../source/fault.js';
import type { ScopeTypes } from '../types/check-cel.js';
import { closed, dyn, knownBySchema, type Known } from '../types/known.js';
import type { Compiler } from './compiler.js';
import { correlationOf } from './correlation.js';
import { errorKnown, errorMatchOf, retryOf, timeoutsOf } from './policies.js';

/** Where a step stands, and what may be said there. */
export interface StepPlace {
  readonly id: string;
  readonly pointer: string;
  readonly scope: ScopeTypes;
  readonly compiler: Compiler;
}

export interface CompiledStep {
  readonly step: Step;
  /** What is known of its output. */
  readonly output: Known;
}

interface CompiledKind {
  readonly kind: StepKind;
  readonly output: Known;
}

const text: Known = { type: 'string' };
const eventKnown = closed({ name: text, key: dyn, data: dyn });
export { eventKnown };

export function compileStep(document: StepDocument, place: StepPlace): CompiledStep {
  const { id, pointer, scope, compiler } = place;
  const at = (...names: readonly string[]) => within(pointer, ...names);
  const inputSchema = compiler.schema(document.input_schema, at('input_schema'));
  const outputSchema = compiler.schema(document.output_schema, at('output_schema'));
  const input = compiler.template(document.input, at('input'), scope);
  compiler.fitting(input, inputSchema, at('input'));
  const inputKnown = input?.known ?? scope['input'] ?? dyn;
  const { kind, output: raw } = compileKind(document, place, inputKnown);
  const after = { ...scope, output: raw };
  const output = compiler.template(document.output, at('output'), after);
  const made = output?.known ?? raw;
  const known = made.type === 'dyn' && outputSchema !== null ? knownBySchema(outputSchema) : made;
  const base: StepBase = {
    id,
    name: document.name ?? null,
    when: compiler.condition(document.when, at('when'), scope),
    input: input?.template ?? null,
    output: output?.template ?? null,
    assign: compiler.assign(document.assign, at('assign'), { ...scope, output: known }),
    input_schema: inputSchema,
    output_schema: outputSchema,
    retry: retryOf(document.retry, at('retry'), scope, compiler),
    timeouts: timeoutsOf(document.timeouts),
    catch: catchesOf(document, place, inputKnown),
    on_failure: document.on_failure ?? 'pause',
    compensate: compensationOf(document, place, { input: inputKnown, output: known }),
  };
  if (kind.kind === 'script' && document.kind === 'script') {
    compiler.fitting({ template: output?.template ?? kind.value, known }, outputSchema, at('value'));
  }
  return { step: { ...base, ...kind }, output: known };
}

function catchesOf(document: StepDocument, place: StepPlace, input: Known): readonly Catch[] {
  const { compiler, scope } = place;
  return (document.catch ?? []).map(({ errors, flow }, index) => {
    const pointer = within(place.pointer, 'catch', index);
    return {
      errors: errorMatchOf(errors, within(pointer, 'errors'), scope, compiler),
      flow:
        flow === undefined
          ? null
          : compiler.flow(flow, {
              pointer: within(pointer, 'flow'),
              input,
              outer: { ...around(scope), context: { type: 'map', members: { error: errorKnown } } },
              compiler,
            }).flow,
    };
  });
}

/** What a flow within a flow sees besides its own. */
function around(scope: ScopeTypes): ScopeTypes {
  const { item, index, run } = scope;
  return {
    ...(run === undefined ? {} : { run }),
    ...(item === undefined ? {} : { item }),
    ...(index === undefined ? {} : { index }),
  };
}

const compensating: ReadonlySet<string> = new Set([
  'agent',
  'tool',
  'llm',
  'webhook',
  'emit',
  'script',
  'sub_workflow',
]);

function compensationOf(
  { compensate }: StepDocument,
  place: StepPlace,
  seen: { readonly input: Known; readonly output: Known },
): Step | null {
  if (compensate === undefined) return null;
  const { compiler } = place;
  const pointer = within(place.pointer, 'compensate');
  if (!compensating.has(compensate.kind)) {
    compiler.faults.add(within(pointer, 'kind'), `must be one of ${[...compensating].join(', ')}`);
  }
  if (compensate.compensate !== undefined) {
    compiler.faults.add(within(pointer, 'compensate'), 'cannot itself be compensated');
  }
  refuseOrder(compensate, pointer, compiler);
  const { compensate: _inner, ...document } = compensate;
  return compileStep(document, { ...place, id: `${place.id}_compensate`, pointer, scope: { ...place.scope, ...seen } })
    .step;
}

/** Of steps that stand in no graph. */
export function refuseOrder(document: StepDocument, pointer: string, compiler: Compiler): void {
  for (const name of ['needs', 'join'] as const) {
    if (document[name] !== undefined) compiler.faults.add(within(pointer, name), 'means something in a graph alone');
  }
}

function compileKind(document: StepKindDocument, place: StepPlace, input: Known): CompiledKind {
  const { pointer, scope, compiler } = place;
  const at = (...names: readonly string[]) => within(pointer, ...names);
  const optional = (value: JsonValue | undefined, name: string) => compiler.optional(value, at(name), scope);
  const made = (value: JsonValue, name: string) => compiler.made(value, at(name), scope).template;
  const { kind } = document;
  switch (kind) {
    case 'agent':
      return {
        kind: {
          kind,
          agent_id: made(document.agent_id, 'agent_id'),
          user_id: optional(document.user_id, 'user_id'),
          session_id: optional(document.session_id, 'session_id'),
          limits: document.limits ?? null,
        },
        output: dyn,
      };
    case 'tool': {
      const { tool, queue = 'default', idempotent = false } = document;
      return { kind: { kind, tool, queue, idempotent }, output: dyn };
    }
    case 'llm': {
      const schema = compiler.schema(document.answer_schema, at('answer_schema'));
      return {
        kind: {
          kind,
          model: document.model ?? null,
          instructions: optional(document.instructions, 'instructions'),
          tokens_max: document.tokens_max ?? null,
          temperature: document.temperature ?? null,
          answer_schema: schema,
        },
        output: schema === null ? dyn : knownBySchema(schema),
      };
    }
    case 'human': {
      const form = compiler.schema(document.form_schema, at('form_schema'));
      return {
        kind: {
          kind,
          task: document.task ?? 'approval',
          title: made(document.title, 'title'),
          description: optional(document.description, 'description'),
          form_schema: form,
          assignees: optional(document.assignees, 'assignees'),
          groups: optional(document.groups, 'groups'),
          due: compiler.optionalDelay(document.due, at('due'), scope),
          expires: compiler.optionalDelay(document.expires, at('expires'), scope),
          fail_on_rejection: document.fail_on_rejection ?? true,
        },
        output: closed({
          decision: text,
          form_data: form === null ? dyn : knownBySchema(form),
          comment: dyn,
          decided_by: dyn,
        }),
      };
    }
    case 'webhook':
      return compileWebhook(document, place);
    case 'emit': {
      const ttl = compiler.optionalDelay(document.ttl, at('ttl'), scope);
      return {
        kind: {
          ...{ kind, event: made(document.event, 'event'), key: optional(document.key, 'key') },
          ...(ttl !== null && { ttl }),
        },
        output: dyn,
      };
    }
    case 'wait': {
      const count = document.count ?? 1;
      return {
        kind: {
          kind,
          event: made(document.event, 'event'),
          key: optional(document.key, 'key'),
          accept: compiler.condition(document.accept, at('accept'), { ...scope, event: eventKnown }),
          ...correlationOf(document.correlate, at('correlate'), compiler),
          count,
          ttl: compiler.optionalDelay(document.ttl, at('ttl'), scope),
        },
        output: count > 1 ? { type: 'list', item: eventKnown } : eventKnown,
      };
    }
    case 'timer': {
      if ((document.for === undefined) === (document.until === undefined)) {
        compiler.faults.add(pointer, 'must have either for or until');
      }
      return {
        kind: {
          kind,
          wait:
            document.until === undefined
              ? { kind: 'for', duration: compiler.delay(document.for ?? 0, at('for'), scope) }
              : { kind: 'until', at: made(document.until, 'until') },
        },
        output: dyn,
      };
    }
    case 'sub_workflow': {
      const { workflow, version, detached = false } = document;
      if (!compiler.isWorkflow(workflow)) {
        compiler.faults.add(at('workflow'), `names ${workflow}, and there is no such workflow: store it first`);
      }
      return {
        kind: { kind, workflow, version: version === undefined ? null : String(version), detached },
        output: detached ? closed({ run_id: text }) : dyn,
      };
    }
    case 'script': {
      const value = compiler.made(document.value, at('value'), { ...scope, input });
      return { kind: { kind, value: value.template }, output: value.known };
    }
    case 'raise':
      return { kind: { kind, error: made(document.error, 'error') }, output: dyn };
    case 'flow': {
      const { flow, output } = compiler.flow(document.flow, {
        pointer: at('flow'),
        input,
        outer: around(scope),
        compiler,
      });
      return { kind: { kind, flow }, output };
    }
    case 'map':
      return compileMap(document, place);
  }
}

const answers: Readonly<Record<NonNullable<WebhookDocument['output_as']>, Known>> = {
  body: dyn,
  response: { type: 'map', members: { status: { type: 'int' }, body: dyn } },
  raw: text,
};

function compileWebhook(document: WebhookDocument, { pointer, scope, compiler }: StepPlace): CompiledKind {
  const { openapi, output_as = 'body' } = document;
  const at = (...names: readonly string[]) => within(pointer, ...names);
  const optional = (value: JsonValue | undefined, ...names: readonly string[]) =>
    compiler.optional(value, at(...names), scope);
  const address = (value: JsonValue | undefined, ...names: readonly string[]) => {
    const url = optional(value, ...names);
    const isWrong = url?.kind === 'value' && !isHttpUrl(url.value);
    if (isWrong) compiler.faults.add(at(...names), 'must be an http or https URL');
    return url ?? { kind: 'value' as const, value: null };
  };
  if ((document.url === undefined) === (openapi === undefined)) {
    compiler.faults.add(pointer, 'must have either url or openapi');
  }
  if (openapi !== undefined && document.method !== undefined) {
    compiler.faults.add(at('method'), 'is said by the operation of openapi');
  }
  const method = openapi === undefined ? (document.method ?? 'POST') : null;
  return {
    kind: {
      kind: 'webhook',
      method,
      url: openapi === undefined ? address(document.url, 'url') : null,
      headers: optional(document.headers, 'headers'),
      query: optional(document.query, 'query'),
      expect_status: document.expect_status ?? [[200, 299]],
      output_as,
      // What an operation does nobody knows before its document is read.
      idempotent: document.idempotent ?? (method !== null && ['GET', 'HEAD', 'OPTIONS'].includes(method)),
      ...(document.signing_secret !== undefined && { signing_secret: document.signing_secret }),
      ...(openapi !== undefined && {
        openapi: {
          document: address(openapi.document, 'openapi', 'document'),
          headers: optional(openapi.headers, 'openapi', 'headers'),
          operation: openapi.operation,
          parameters: optional(openapi.parameters, 'openapi', 'parameters'),
        },
      }),
    },
    output: answers[output_as],
  };
}

const windowDefault = 10;
const count: Known = { type: 'int' };

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= workflowLimits.mapItemsMax;
}

function compileMap(document: MapDocument, { pointer, scope, compiler }: StepPlace): CompiledKind {
  const at = (...names: readonly string[]) => within(pointer, ...names);
  const { window = windowDefault, collect = 'all' } = document;
  if (document.while !== undefined && window !== 1) {
    compiler.faults.add(at('while'), 'can be asked where items come one after the other alone: window 1');
  }
  const items = compiler.made(document.items, at('items'), scope);
  if (!['list', 'int', 'number', 'double', 'dyn'].includes(items.known.type)) {
    compiler.faults.add(at('items'), `must come to a list or a number of times; this is of type ${items.known.type}`);
  }
  const { template } = items;
  if (template.kind === 'value' && typeof template.value === 'number' && !isCount(template.value)) {
    compiler.faults.add(at('items'), `must be a whole number of times, at most ${workflowLimits.mapItemsMax}`);
  }
  const item = items.known.item ?? dyn;
  const inside = { ...scope, item, index: count };
  const itemInput = compiler.template(document.item_input, at('item_input'), inside);
  const { flow, output } = compiler.flow(document.body, {
    pointer: at('body'),
    input: itemInput?.known ?? item,
    outer: around(inside),
    compiler,
  });
  const body: Flow = flow;
  return {
    kind: {
      kind: 'map',
      items: items.template,
      window,
      item_input: itemInput?.template ?? null,
      while: compiler.condition(document.while, at('while'), inside),
      body,
      failures_max: document.failures_max ?? 0,
      join_count: document.join_count ?? null,
      collect,
    },
    output:
      collect === 'all' ? { type: 'list', item: output } : closed({ total: count, completed: count, failed: count }),
  };
}

function isHttpUrl(value: JsonValue): boolean {
  return typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);
}
