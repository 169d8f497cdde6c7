import { readFileSync } from 'node:fs';
import { WorkflowRunner, type WorkflowForm } from '@chorda/domain';
import { readAnyDefinition, workflowPorts } from '@chorda/workflows';
import { Reply } from './replies.js';
import { jsonOf, ScriptedWorld } from './scripted-world.js';
import { Scripts, type ScriptedKind } from './scripts.js';
import { TestedRun } from './tested-run.js';

/** What the builder made, YAML or JSON text (a Serverless Workflow among them), or the URL of a file with it. */
export type Definition = string | URL | WorkflowForm | { build(): WorkflowForm };

export interface StartOptions {
  /** The run's id; else `run-1`. */
  readonly runId?: string;
  /** What the clock says then; else 2026-11-21T12:00:00Z, so that every test run sees the same. */
  readonly at?: string | Date;
  readonly startKey?: string;
}

const startDefault = '2026-11-21T12:00:00Z';

/**
 * A workflow with a scripted world around it. Runs follow the same rules as in production, in memory and on a clock that
 * jumps; nothing is scripted that you did not script: a step that nobody answers waits.
 *
 * @throws Error that names every fault of a definition with its place.
 */
export function givenWorkflow(definition: Definition): GivenWorkflow {
  return new GivenWorkflow(formOf(definition), new Scripts());
}

export class GivenWorkflow {
  constructor(
    readonly form: WorkflowForm,
    private readonly scripts: Scripts,
  ) {}

  /** Who does steps of a tool: each call takes the next reply, and the last one stands for all that follow. */
  withTool(name: string, ...replies: readonly Reply[]): GivenWorkflow {
    return this.with('tool', name, replies);
  }

  /** Executions of an agent, by its id; `*` for all others. An answer is what the step comes to. */
  withAgent(agentId: string, ...replies: readonly Reply[]): GivenWorkflow {
    return this.with('agent', agentId, replies);
  }

  /** What a model answers to `llm` steps: text, or a value where the step has an `answer_schema`, which it has to keep. */
  withModel(...replies: readonly Reply[]): GivenWorkflow {
    return this.with('model', '*', replies);
  }

  /** The same of one model by its name. */
  withModelNamed(name: string, ...replies: readonly Reply[]): GivenWorkflow {
    return this.with('model', name, replies);
  }

  /** A server, by method and how its URL begins: `POST https://pay.example/charges`. */
  withWebhook(address: string, ...replies: readonly Reply[]): GivenWorkflow {
    return this.with('webhook', address, replies);
  }

  /** What a sub-workflow comes to. */
  withWorkflow(name: string, ...replies: readonly Reply[]): GivenWorkflow {
    return this.with('workflow', name, replies);
  }

  /** One step, whoever does it; before all others. In a map `each/ship` is that step of every item. */
  withStep(stepId: string, ...replies: readonly Reply[]): GivenWorkflow {
    return this.with('step', stepId, replies);
  }

  /**
   * Starts a run, and does all that happens at that instant.
   *
   * @throws DomainError `INVALID_COMMAND` where the input breaks the input schema.
   */
  whenStarted(input: unknown = null, { runId, at = startDefault, startKey }: StartOptions = {}): TestedRun {
    const startMs = at instanceof Date ? at.getTime() : Date.parse(at);
    if (Number.isNaN(startMs)) throw new TypeError(`${String(at)} is no time such as ${startDefault}`);
    const runner = new WorkflowRunner(this.form, workflowPorts(), { startMs, ...(runId !== undefined && { runId }) });
    const world = new ScriptedWorld(runner, this.scripts.copy());
    runner.start(jsonOf(input, 'The input'), startKey === undefined ? {} : { start_key: startKey });
    world.settle();
    return new TestedRun(runner, world);
  }

  private with(kind: ScriptedKind, name: string, replies: readonly Reply[]): GivenWorkflow {
    const scripts = this.scripts.copy();
    scripts.set(kind, name, replies);
    return new GivenWorkflow(this.form, scripts);
  }
}

function formOf(definition: Definition): WorkflowForm {
  if (typeof definition === 'string') return formIn(definition, 'The definition');
  if (definition instanceof URL) return formIn(readFileSync(definition, 'utf8'), definition.pathname);
  return 'build' in definition ? definition.build() : definition;
}

function formIn(text: string, name: string): WorkflowForm {
  const { form, faults } = readAnyDefinition(text);
  if (form !== null) return form;
  const told = faults.map(({ line, column, pointer, detail }) => `  ${line ?? 1}:${column ?? 1} ${pointer} ${detail}`);
  throw new Error([`${name} is not valid:`, ...told].join('\n'));
}
