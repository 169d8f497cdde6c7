import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ProblemError, type ChordaClient } from '@chorda/client';
import { newId, sleep } from '@chorda/kernel';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';

export interface AnalysedDocument {
  readonly document: string;
  readonly execution_id: string;
  readonly status: string;
  readonly tokens: number;
  readonly execution_time_ms: number | null;
}

export interface Analysis {
  readonly agent_id: string;
  readonly documents: readonly AnalysedDocument[];
}

const documentsMax = 50;
/** Of one document: what is behind it is left out. */
const documentCharactersMax = 20_000;
const readyMsMax = 30_000;
const endMsMax = 120_000;
const lookEveryMs = 200;

/**
 * A real agent reads documents: created, executed once for each of them, and looked at in the read model. It asks
 * whatever model the deployment has; the simulated one says so in its answers.
 *
 * @returns Undefined where nobody runs agents: a gateway without an agent runtime.
 */
export async function analyseDocuments(
  client: ChordaClient,
  folder: string,
  signal: AbortSignal,
): Promise<Analysis | undefined> {
  const documents = documentsIn(folder);
  const created = await client.agents.create(
    {
      name: 'Document analyst',
      agent_type: 'analyst',
      capabilities: ['DOCUMENT_ANALYSIS'],
      instructions: 'You are given a document. Say in three sentences what it is about and for whom.',
    },
    { signal },
  );
  const { agent_id: agent } = { agent_id: undefined, ...created };
  if (agent === undefined) return undefined;
  await untilReady(client, agent, signal);
  const ids = await Promise.all(documents.map((document) => execute(client, agent, document, signal)));
  const ends = await Promise.all(
    documents.map(({ name }, index) => untilEnded(client, name, ids[index] ?? '', signal)),
  );
  return { agent_id: agent, documents: ends };
}

export interface Document {
  readonly name: string;
  readonly text: string;
}

/** The .md files in a folder and below it. @throws CommandFailure where there is no such folder. */
export function documentsIn(folder: string): readonly Document[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    throw new CommandFailure(exitCodes.usage, `There is no folder ${folder}`, 'Give one with .md files in it.');
  }
  const texts = names
    .filter((name) => name.endsWith('.md'))
    .sort()
    .slice(0, documentsMax);
  return texts.map((name) => {
    return { name: basename(name), text: readFileSync(join(folder, name), 'utf8').slice(0, documentCharactersMax) };
  });
}

/** @throws CommandFailure where it is not ready in time, or what was checked of it failed. */
export async function untilReady(client: ChordaClient, agent: string, signal: AbortSignal): Promise<void> {
  const endMs = Date.now() + readyMsMax;
  for (;;) {
    const { state } = await client.agents.state(agent, { signal });
    if (state['state'] === 'READY') return;
    const failed = state['state'] === 'VALIDATING' ? await failedChecks(client, agent, signal) : undefined;
    if (failed !== undefined) {
      throw new CommandFailure(
        exitCodes.failed,
        `Agent ${agent} cannot be used: ${failed}`,
        `chorda agents history ${agent}`,
      );
    }
    if (Date.now() > endMs) {
      const why = `Agent ${agent} is ${String(state['state'])} after ${readyMsMax / 1000} s`;
      throw new CommandFailure(exitCodes.failed, why, `chorda agents history ${agent} shows what was checked.`);
    }
    await sleep(lookEveryMs, signal);
  }
}

/** @returns What its validation found wrong; undefined where it has not failed. */
async function failedChecks(client: ChordaClient, agent: string, signal: AbortSignal): Promise<string | undefined> {
  const { items } = await client.agents.history(agent, { signal });
  const verdict = items.findLast(({ type }) => type === 'agent.validation_failed' || type === 'agent.validated');
  return verdict?.type === 'agent.validation_failed' ? checksText(verdict.data) : undefined;
}

/** What did not pass, as it says of itself. */
export function checksText({ checks }: Readonly<Record<string, unknown>>): string {
  const failed = (Array.isArray(checks) ? checks : [])
    .map((check: unknown) => ({ name: '', passed: false, detail: null, ...Object(check) }))
    .filter(({ passed }) => passed !== true);
  const told = failed.map(({ name, detail }) => `${String(name)}${detail === null ? '' : ` (${String(detail)})`}`);
  return told.length === 0 ? 'its validation failed' : told.join(', ');
}

async function execute(client: ChordaClient, agent: string, document: Document, signal: AbortSignal): Promise<string> {
  const id = newId();
  await client.agents.execute(agent, { execution_id: id, input_data: { ...document } }, { idempotencyKey: id, signal });
  return id;
}

async function untilEnded(
  client: ChordaClient,
  document: string,
  id: string,
  signal: AbortSignal,
): Promise<AnalysedDocument> {
  const endMs = Date.now() + endMsMax;
  for (;;) {
    const found = await client.get('executions', id, { signal }).catch(absent);
    const isOver = found !== undefined && found.status !== 'running' && found.reported_at !== null;
    if (isOver || Date.now() > endMs) {
      const tokens = (found?.prompt_tokens ?? 0) + (found?.completion_tokens ?? 0);
      const { status = 'running', execution_time_ms = null } = found ?? {};
      return { document, execution_id: id, status, tokens, execution_time_ms };
    }
    await sleep(lookEveryMs, signal);
  }
}

/** The read model may not have it yet. */
function absent(error: unknown): undefined {
  if (error instanceof ProblemError && error.status === 404) return undefined;
  throw error;
}
