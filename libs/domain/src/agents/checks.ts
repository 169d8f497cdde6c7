import type { agent, JsonText } from '@chorda/contracts';
import { invalid } from './refusals.js';
import { configBytesMax, idPattern, instructionBytesMax, toolBytesMax, toolsMax } from './limits.js';

const capabilitiesMax = 32;
const nameBytesMax = 256;

/** What no executor need be asked for: an agent that breaks these is not created. */
export function checkDefinition(data: Omit<agent.Created['data'], 'created_by'>): void {
  if (!idPattern.test(data.agent_id)) throw invalid('agent_id', `must match ${idPattern.source}`);
  checkText('name', data.name, 1, nameBytesMax);
  checkText('agent_type', data.agent_type, 1, nameBytesMax);
  checkText('instructions', data.instructions ?? '', 0, instructionBytesMax);
  checkText('config', data.config ?? ('' as JsonText), 0, configBytesMax);
  checkNames('tools', data.tools, toolsMax);
  checkNames('capabilities', data.capabilities, capabilitiesMax);
}

function checkText(field: string, text: string, least: number, most: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes < least || bytes > most) throw invalid(field, `must have ${least} to ${most} bytes`);
}

function checkNames(field: string, names: readonly string[], most: number): void {
  if (names.length > most) throw invalid(field, `must name at most ${most}`);
  if (new Set(names).size < names.length) throw invalid(field, 'must name each once');
  if (names.some((name) => name === '')) throw invalid(field, 'must have no empty name');
}

const knownCapabilities: ReadonlySet<string> = new Set([
  'TEXT_PROCESSING',
  'DOCUMENT_ANALYSIS',
  'API_INTEGRATION',
  'WORKFLOW_CONTROL',
]);

/** What can be said of an agent without leaving the process: its configuration, and whether what it needs was found. */
export function ownChecks(
  definition: agent.Created['data'],
  found: readonly agent.ToolDefinition[],
): readonly agent.ValidationCheck[] {
  const strange = definition.capabilities.filter((name) => !knownCapabilities.has(name));
  const missing = definition.tools.filter((name) => !found.some((tool) => tool.name === name));
  const bytes = Buffer.byteLength(JSON.stringify(found));
  return [
    check('configuration', strange.length === 0, `no such capability: ${strange.join(', ')}`),
    check('dependencies', missing.length === 0, `no such tool: ${missing.join(', ')}`),
    check('resources', bytes <= toolBytesMax, `its tools have ${bytes} bytes; at most ${toolBytesMax} may be`),
  ];
}

function check(name: string, passed: boolean, detail: string): agent.ValidationCheck {
  return { name, passed, detail: passed ? null : detail };
}
