import type {
  Assign,
  Backoff,
  Catch,
  Correlation,
  Duration,
  ErrorMatch,
  Expression,
  Flow,
  GraphStep,
  Join,
  MachineState,
  OpenApiOperation,
  RetryRule,
  Step,
  Template,
  Transition,
  WorkflowForm,
} from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { stringify } from 'yaml';
import { expressionText, literalText } from '../compile/template-text.js';
import { durationText } from './durations.js';

type Members = Readonly<Record<string, JsonValue | undefined>>;
type JsonObject = { readonly [name: string]: JsonValue };

/** A form as it would be written: reading it gives the same form, and so the same hash. */
export function documentOf(form: WorkflowForm): JsonObject {
  return some({
    workflow: form.name,
    version: form.version === '1' ? undefined : form.version,
    title: form.title ?? undefined,
    input_schema: form.input_schema ?? undefined,
    output_schema: form.output_schema ?? undefined,
    timeout: form.timeout_ms === null ? undefined : durationText(form.timeout_ms),
    run_input: template(form.input),
    run_output: template(form.output),
    ...flow(form.flow),
  });
}

export function yamlOf(form: WorkflowForm): string {
  return stringify(documentOf(form), { version: '1.2', schema: 'core', lineWidth: 110, aliasDuplicateObjects: false });
}

function some(members: Members): JsonObject {
  const said = Object.entries(members).filter((member): member is [string, JsonValue] => member[1] !== undefined);
  return Object.fromEntries(said);
}

function template(made: Template | null): JsonValue | undefined {
  return made === null ? undefined : value(made);
}

function value(made: Template): JsonValue {
  switch (made.kind) {
    case 'value':
      return plain(made.value);
    case 'expression':
      return expressionText(made.expression);
    case 'object':
      return Object.fromEntries(Object.entries(made.members).map(([name, each]) => [name, value(each)]));
    case 'list':
      return made.items.map(value);
    case 'text':
      return made.parts.map((part) => (typeof part === 'string' ? literalText(part) : expressionText(part))).join('');
  }
}

function plain(json: JsonValue): JsonValue {
  if (typeof json === 'string') return literalText(json);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(plain);
  return Object.fromEntries(Object.entries(json).map(([name, each]) => [name, plain(each)]));
}

function condition(expression: Expression | null): string | undefined {
  if (expression === null) return undefined;
  return expression.language === 'cel' ? expression.text : expressionText(expression);
}

function correlation(made: Correlation | undefined): JsonValue | undefined {
  return made && some({ key: condition(made.key), kept: ms(made.kept_ms) });
}

function duration(made: Duration | null): JsonValue | undefined {
  if (made === null) return undefined;
  return made.kind === 'ms' ? durationText(made.ms) : expressionText(made.expression);
}

function ms(time: number | null): string | undefined {
  return time === null ? undefined : durationText(time);
}

function flow(made: Flow): JsonObject {
  const shared = { context: template(made.context), output: template(made.output) };
  if (made.kind === 'graph') {
    const steps = made.steps.map((each) => [each.step.id, graphStep(each)] as const);
    return some({ ...shared, join: join(made.join), steps: Object.fromEntries(steps) });
  }
  const { start, visits_max, states } = made;
  return some({
    ...shared,
    start,
    visits_max,
    states: Object.fromEntries(states.map((each) => [each.name, state(each)])),
  });
}

function join({ mode, count, cancel_rest }: Join): JsonValue | undefined {
  if (mode === 'all') return undefined;
  if (mode === 'any') return cancel_rest ? 'first' : 'any';
  return some({ count: count ?? 1, cancel_rest: cancel_rest || undefined });
}

function graphStep({ step: made, needs, join: own }: GraphStep): JsonObject {
  const { kind, ...rest } = step(made);
  return some({ kind, needs: needs.length === 0 ? undefined : needs, join: join(own), ...rest });
}

function step(made: Step): JsonObject {
  return some({
    kind: made.kind,
    name: made.name ?? undefined,
    when: condition(made.when),
    ...kind(made),
    input: template(made.input),
    output: template(made.output),
    assign: assign(made.assign),
    input_schema: made.input_schema ?? undefined,
    output_schema: made.output_schema ?? undefined,
    retry: made.retry.length === 0 ? undefined : made.retry.map(retry),
    timeouts: timeouts(made.timeouts),
    catch: made.catch.length === 0 ? undefined : made.catch.map(caught),
    on_failure: made.on_failure,
    compensate: made.compensate === null ? undefined : step(made.compensate),
  });
}

function kind(made: Step): Members {
  switch (made.kind) {
    case 'agent':
      return {
        agent_id: value(made.agent_id),
        user_id: template(made.user_id),
        session_id: template(made.session_id),
        limits: made.limits ?? undefined,
      };
    case 'tool':
      return { tool: made.tool, queue: made.queue, idempotent: made.idempotent };
    case 'llm':
      return {
        model: made.model ?? undefined,
        instructions: template(made.instructions),
        tokens_max: made.tokens_max ?? undefined,
        temperature: made.temperature ?? undefined,
        answer_schema: made.answer_schema ?? undefined,
      };
    case 'human':
      return {
        task: made.task,
        title: value(made.title),
        description: template(made.description),
        form_schema: made.form_schema ?? undefined,
        assignees: template(made.assignees),
        groups: template(made.groups),
        due: duration(made.due),
        expires: duration(made.expires),
        fail_on_rejection: made.fail_on_rejection,
      };
    case 'webhook':
      return {
        method: made.method ?? undefined,
        url: template(made.url),
        ...(made.openapi !== undefined && { openapi: openapi(made.openapi) }),
        headers: template(made.headers),
        query: template(made.query),
        expect_status: made.expect_status.map((range) => [...range]),
        output_as: made.output_as,
        idempotent: made.idempotent,
        ...(made.signing_secret && { signing_secret: made.signing_secret }),
      };
    case 'emit':
      return {
        event: value(made.event),
        key: template(made.key),
        ...(made.ttl !== undefined && { ttl: duration(made.ttl) }),
      };
    case 'wait':
      return {
        event: value(made.event),
        key: template(made.key),
        accept: condition(made.accept),
        correlate: correlation(made.correlate),
        count: made.count,
        ttl: duration(made.ttl),
      };
    case 'timer':
      return made.wait.kind === 'for' ? { for: duration(made.wait.duration) } : { until: value(made.wait.at) };
    case 'sub_workflow':
      return { workflow: made.workflow, version: made.version ?? undefined, detached: made.detached };
    case 'script':
      return { value: value(made.value) };
    case 'raise':
      return { error: value(made.error) };
    case 'flow':
      return { flow: flow(made.flow) };
    case 'map':
      return {
        items: value(made.items),
        window: made.window,
        item_input: template(made.item_input),
        while: condition(made.while),
        body: flow(made.body),
        failures_max: made.failures_max,
        join_count: made.join_count ?? undefined,
        collect: made.collect,
      };
  }
}

function openapi({ document, operation, parameters, headers }: OpenApiOperation): JsonObject {
  return some({
    ...{ document: value(document), operation },
    ...{ parameters: template(parameters), headers: template(headers) },
  });
}

function assign(all: readonly Assign[]): JsonValue | undefined {
  if (all.length === 0) return undefined;
  // A list keeps the order whatever the names are: an object puts names that are numbers first.
  const each = all.map(({ path, value: made }) => ({ [path.join('.')]: value(made) }));
  return each.length === 1 ? each[0] : each;
}

function errors({ classes, codes, statuses, when }: ErrorMatch): JsonValue | undefined {
  const rest = some({
    codes: codes.length === 0 ? undefined : codes,
    statuses: statuses.length === 0 ? undefined : statuses,
    when: condition(when),
  });
  if (Object.keys(rest).length === 0) return classes.length === 0 ? undefined : classes;
  return classes.length === 0 ? rest : { classes, ...rest };
}

function retry(rule: RetryRule): JsonObject {
  return some({
    attempts: rule.attempts_max,
    errors: errors(rule.errors),
    backoff: backoff(rule.backoff),
    time_max: ms(rule.time_ms_max),
  });
}

function backoff({ kind: course, ms: delay, ms_max, factor, jitter }: Backoff): JsonObject {
  return { kind: course, delay: durationText(delay), delay_max: durationText(ms_max), factor, jitter };
}

function timeouts(made: Step['timeouts']): JsonValue | undefined {
  const said = some({
    schedule_to_start: ms(made.schedule_to_start_ms),
    run: ms(made.run_ms),
    idle: ms(made.idle_ms),
    whole: ms(made.whole_ms),
  });
  return Object.keys(said).length === 0 ? undefined : said;
}

function caught(rule: Catch): JsonObject {
  return some({ errors: errors(rule.errors), flow: rule.flow === null ? undefined : flow(rule.flow) });
}

function state({ step: made, transitions, final }: MachineState): JsonObject {
  const of = (name: Transition['on']['kind']) => transitions.filter(({ on }) => on.kind === name);
  const events = Map.groupBy(of('event'), ({ on }) => (on.kind === 'event' ? on.name : ''));
  return some({
    step: made === null ? undefined : step(made),
    next: ways(of('done')),
    on_error: ways(of('error')),
    on: events.size === 0 ? undefined : Object.fromEntries([...events].map(([name, all]) => [name, ways(all) ?? []])),
    after: ways(of('after')),
    final: final?.kind,
    output: final === null || final.kind === 'failed' ? undefined : template(final.output),
    error: final?.kind === 'failed' ? value(final.error) : undefined,
  });
}

function ways(all: readonly Transition[]): JsonValue | undefined {
  if (all.length === 0) return undefined;
  return all.map(({ on, when, assign: own, to }) =>
    some({
      ...(on.kind === 'after' ? { delay: duration(on.ms) } : {}),
      ...(on.kind === 'error' ? { errors: errors(on.errors) } : {}),
      ...(on.kind === 'event' ? { key: condition(on.key), correlate: correlation(on.correlate) } : {}),
      when: condition(when),
      assign: assign(own),
      to,
    }),
  );
}
