import type { WorkflowForm } from '@chorda/domain';
import { formOf } from '../compile/read-workflow.js';
import { yamlOf } from '../document/document-of.js';
import type {
  DurationDocument,
  FlowDocument,
  JoinDocument,
  SchemaDocument,
  StateDocument,
  WorkflowDocument,
} from '../document/types.js';
import { documentOfStep, type BuiltStep, type Templated } from './kinds.js';
import { reference, within, type Ref } from './reference.js';

export interface KnownStep {
  readonly output: unknown;
  /** Ids of the steps that have ended when this one begins. */
  readonly before: string;
}
export type KnownSteps = { readonly [id: string]: KnownStep };

/** What a step of a run is to others. */
export interface EndedStep<Output> {
  readonly status: string;
  readonly output: Output;
  readonly error: { readonly class: string; readonly code: string; readonly message: string };
}

/** What a step may refer to: the input, and what it needs, nearer or farther. */
export interface Sight<Input, Steps extends KnownSteps, Seen extends string> {
  readonly input: Ref<Input>;
  readonly context: Ref<{ readonly [name: string]: unknown }>;
  readonly steps: { readonly [Id in Seen & keyof Steps]: Ref<EndedStep<Steps[Id]['output']>> };
  readonly run: Ref<{ readonly id: string; readonly name: string; readonly started_at: string }>;
}

export type SeenFrom<Steps extends KnownSteps, Needs extends string> = Needs | Steps[Needs & keyof Steps]['before'];

interface Order<Id> {
  readonly needs?: readonly Id[];
  readonly join?: JoinDocument;
}

export interface WorkflowOptions {
  readonly version?: string;
  readonly title?: string;
  readonly input_schema?: SchemaDocument;
  readonly output_schema?: SchemaDocument;
  readonly timeout?: DurationDocument;
}

/**
 * A workflow as a graph, step by step. A step can only refer to what it needs, and only need what was written before it,
 * so that no circle can be written; both are checked by the compiler.
 */
export class WorkflowBuilder<Input, Steps extends KnownSteps = Record<never, KnownStep>> {
  private constructor(
    private readonly made: WorkflowDocument & { readonly steps: NonNullable<FlowDocument['steps']> },
  ) {}

  static named<Input>(name: string, options: WorkflowOptions): WorkflowBuilder<Input> {
    return new WorkflowBuilder<Input>({ workflow: name, ...options, steps: {} });
  }

  /** What a run is given. @param schema Checked when a run is started. */
  input<Given>(schema?: SchemaDocument): WorkflowBuilder<Given, Steps> {
    return new WorkflowBuilder<Given, Steps>(schema === undefined ? this.made : { ...this.made, input_schema: schema });
  }

  /** A step that needs no other. */
  step<Id extends string, Output>(
    id: Id extends keyof Steps ? never : Id,
    make: (sight: Sight<Input, Steps, never>) => BuiltStep<Output>,
  ): WorkflowBuilder<Input, Steps & Record<Id, { readonly output: Output; readonly before: never }>>;
  step<Id extends string, Output, const Needs extends keyof Steps & string>(
    id: Id extends keyof Steps ? never : Id,
    order: Order<Needs>,
    make: (sight: Sight<Input, Steps, SeenFrom<Steps, Needs>>) => BuiltStep<Output>,
  ): WorkflowBuilder<Input, Steps & Record<Id, { readonly output: Output; readonly before: SeenFrom<Steps, Needs> }>>;
  step(
    id: string,
    orderOrMake: Order<string> | ((sight: Sight<Input, Steps, never>) => BuiltStep<unknown>),
    make?: (sight: Sight<Input, Steps, string>) => BuiltStep<unknown>,
  ): WorkflowBuilder<Input, KnownSteps> {
    const order = typeof orderOrMake === 'function' ? {} : orderOrMake;
    const maker = typeof orderOrMake === 'function' ? orderOrMake : make;
    if (maker === undefined) throw new TypeError(`Step ${id} is not made of anything`);
    const step = { ...order, ...documentOfStep(maker(sight<Input, Steps>())) };
    const plain: FlowDocument['steps'] = JSON.parse(JSON.stringify({ [id]: step }));
    return new WorkflowBuilder<Input, KnownSteps>({ ...this.made, steps: { ...this.made.steps, ...plain } });
  }

  /** What the run comes to, of all steps. */
  output(
    make: (sight: Sight<Input, Steps, keyof Steps & string>) => Templated,
    options: { readonly join?: JoinDocument } = {},
  ): WorkflowBuilder<Input, Steps> {
    const output: FlowDocument['output'] = JSON.parse(JSON.stringify(make(sight<Input, Steps>())));
    return new WorkflowBuilder<Input, Steps>({ ...this.made, ...options, output });
  }

  /** As YAML or JSON would have it. */
  document(): WorkflowDocument {
    return this.made;
  }

  /** The steps alone, as the body of a map or of a flow within a flow. */
  flow(): FlowDocument {
    const { steps, output, join } = this.made;
    return { steps, ...(output === undefined ? {} : { output }), ...(join === undefined ? {} : { join }) };
  }

  /** @throws {@link InvalidDefinitionError} with everything that is wrong and that the compiler cannot see. */
  build(): WorkflowForm {
    return formOf(this.made);
  }

  yaml(): string {
    return yamlOf(this.build());
  }
}

/** The path is checked by the type; at run time every name leads to a reference. */
function sight<Input, Steps extends KnownSteps>(): Sight<Input, Steps, string & keyof Steps> {
  const steps = new Proxy({}, { get: (_target, name) => reference(within('steps', String(name))) });
  return {
    input: reference<Input>('input'),
    context: reference('context'),
    run: reference('run'),
    steps: steps as Sight<Input, Steps, string & keyof Steps>['steps'],
  };
}

/** A workflow in TypeScript: `workflow('order').input<Order>().step('reserve', …)`. */
export function workflow(name: string, options: WorkflowOptions = {}): WorkflowBuilder<unknown> {
  return WorkflowBuilder.named<unknown>(name, options);
}

type To<State extends string> = {
  readonly to: State;
  readonly when?: string;
  readonly assign?: { readonly [path: string]: Templated };
  readonly errors?: readonly string[];
  readonly key?: string;
};
type Ways<State extends string> = State | To<State> | readonly (State | To<State>)[];

export interface StateOptions<State extends string> {
  readonly step?: BuiltStep<unknown>;
  readonly next?: Ways<State>;
  readonly on_error?: Ways<State>;
  readonly on?: { readonly [event: string]: Ways<State> };
  readonly after?: readonly (To<State> & { readonly delay: DurationDocument })[];
  readonly final?: 'completed' | 'failed' | 'run_completed';
  readonly output?: Templated;
  readonly error?: Templated;
}

export interface MachineOptions<State extends string> extends WorkflowOptions {
  readonly start: NoInfer<State>;
  readonly context?: { readonly [name: string]: Templated };
  readonly output?: Templated;
  readonly visits_max?: number;
  readonly states: { readonly [Name in State]: StateOptions<NoInfer<State>> };
}

export interface BuiltWorkflow {
  document(): WorkflowDocument;
  flow(): FlowDocument;
  build(): WorkflowForm;
  yaml(): string;
}

/** What a document comes to. */
export function builtOf(made: WorkflowDocument): BuiltWorkflow {
  return {
    document: () => made,
    flow: () => {
      const { start, states, visits_max, context, output, steps, join } = made;
      const flow: FlowDocument = JSON.parse(
        JSON.stringify({ start, states, visits_max, context, output, steps, join }),
      );
      return flow;
    },
    build: () => formOf(made),
    yaml: () => yamlOf(formOf(made)),
  };
}

/** In a literal, `__proto__: …` makes no member: it is one here, so that it is refused and not left out. */
function ownStates<State extends string>(
  states: MachineOptions<State>['states'],
): readonly (readonly [string, StateOptions<State>])[] {
  const own = Object.entries<StateOptions<State>>(states);
  const hidden: StateOptions<State> | null = Object.getPrototypeOf(states);
  return hidden === null || hidden === Object.prototype ? own : [...own, ['__proto__', hidden]];
}

/** A workflow as a state machine; a transition to a state that is not there does not compile. */
export function machine<const State extends string>(name: string, options: MachineOptions<State>): BuiltWorkflow {
  const { states, ...rest } = options;
  const plain = Object.fromEntries(
    ownStates(states).map(([state, { step, ...ways }]) => [
      state,
      { ...ways, ...(step === undefined ? {} : { step: documentOfStep(step) }) },
    ]),
  );
  const made: WorkflowDocument & { readonly states: { readonly [name: string]: StateDocument } } = JSON.parse(
    JSON.stringify({ workflow: name, ...rest, states: plain }),
  );
  return builtOf(made);
}
