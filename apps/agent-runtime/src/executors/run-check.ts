import { jsonText, type agentCommand, type agentWork, type JsonText } from '@chorda/contracts';
import { memoryTools, type WorkOutcome } from '@chorda/domain';
import { sleep } from '@chorda/kernel';
import type { AgentToolRepository, RegisteredTool } from '@chorda/read-models';
import { timeForWorkMs } from '@chorda/work';
import { ModelError } from '../model/model-errors.js';
import type { ModelPort } from '../model/model-port.js';
import type { ToolCatalogue } from '../tools/tool-catalogue.js';
import type { Tool } from '../tools/tool.js';
import type { Assignment } from './work-runner.js';

export interface CheckParts {
  readonly model: ModelPort;
  readonly catalogue: ToolCatalogue;
  readonly registered: AgentToolRepository;
}

type Check = agentCommand.ValidationCheck;
type Definition = agentCommand.ToolDefinition;

/** How long a call may wait for an executor and its answer for the engine, beside the tool's own time. */
const waitingMs = 10_000;
const modelTimeoutMs = 10_000;
/** Workers say what they offer once they have started, and late where the machine is busy: none at all may be some soon. */
const offersWaitMsMax = 15_000;
const lookAgainMs = 500;

/** Looks whether an agent finds what it needs outside of the engine: its tools, and its model. */
export async function runCheck(
  parts: CheckParts,
  assignment: Assignment<agentWork.CheckRequested>,
): Promise<WorkOutcome> {
  const startedMs = performance.now();
  const { phase } = assignment.work.data;
  const found = phase === 'clean_up' ? nothingToCheck : await look(parts, assignment);
  return { kind: 'check', ...found, duration_ms: Math.round(performance.now() - startedMs) };
}

/** Executors keep nothing of an agent between two works: connections, leases and memory end with each of them. */
const nothingToCheck = { checks: [{ name: 'clean_up', passed: true, detail: null }], tools: [] };

async function look(parts: CheckParts, assignment: Assignment<agentWork.CheckRequested>) {
  const { tools: names, model } = assignment.work.data;
  const [tools, modelCheck] = await Promise.all([
    toolsNamed(parts, assignment.tenantId, names),
    checkModel(parts.model, model, assignment),
  ]);
  const missing = names.filter((name) => !tools.some((tool) => tool.name === name));
  const detail = `no such tool: ${missing.join(', ')}; it is neither built in nor registered by a worker of this tenant`;
  const toolCheck: Check = {
    name: 'tools',
    passed: missing.length === 0,
    detail: missing.length === 0 ? null : detail,
  };
  return { checks: [toolCheck, modelCheck], tools };
}

async function toolsNamed(
  { catalogue, registered }: CheckParts,
  tenantId: Assignment['tenantId'],
  names: readonly string[],
): Promise<readonly Definition[]> {
  const ofRules = memoryTools.filter(({ name }) => names.includes(name));
  const builtIn = names.flatMap((name) => catalogue.get(name) ?? []);
  const others = names.filter(
    (name) => catalogue.get(name) === undefined && !ofRules.some((tool) => tool.name === name),
  );
  const offered = others.length === 0 ? [] : await registered.find(tenantId, others);
  return [...ofRules, ...builtIn.map(ofDeployment), ...offered.map(ofWorker)];
}

function ofDeployment({ name, description, parameters, idempotent, timeoutMs }: Tool): Definition {
  const timeout_ms = timeoutMs + waitingMs;
  return { name, description, parameters: jsonText(parameters), queue: 'tools', idempotent, timeout_ms };
}

function ofWorker({ name, description, parameters, idempotent, timeoutMs }: RegisteredTool): Definition {
  // Registered through the gateway, which has parsed it.
  return { name, description, parameters: parameters as JsonText, queue: 'workers', idempotent, timeout_ms: timeoutMs };
}

export async function checkModel(
  model: Pick<ModelPort, 'models'>,
  wanted: string | null,
  { signal, leftMs }: Pick<Assignment, 'signal' | 'leftMs'>,
): Promise<Check> {
  const endMs = Date.now() + Math.min(offersWaitMsMax, timeForWorkMs(leftMs));
  const askNow = () => model.models({ signal, timeoutMs: Math.max(1, Math.min(modelTimeoutMs, endMs - Date.now())) });
  try {
    let names = await askNow();
    while (names.length === 0 && Date.now() + lookAgainMs < endMs && !signal.aborted) {
      await sleep(lookAgainMs, signal);
      names = await askNow();
    }
    const passed = names.length > 0 && (wanted === null || names.includes(wanted));
    return { name: 'model', passed, detail: passed ? null : `the model server does not have ${wanted ?? 'any model'}` };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { name: 'model', passed: false, detail: error.message };
  }
}
