import type { WorkflowCommand, WorkflowEvent } from '@chorda/contracts';
import { contractsCodec, type DecisionCodec } from '@chorda/decisions';
import { plantWorkflowRules, workflowsAggregate, type AnyWorkflowCommand } from '@chorda/domain';
import { isPlanted, openPayloads, plantableWorkflowBugs, type AppHost, type RunningApp } from '@chorda/platform';
import { startDecidingApp, type DecidingCodecs } from '@chorda/work';
import { workflowPorts } from '@chorda/workflows';
import { readOrchestratorEnv } from './orchestrator.env.js';
import { startRunJobs } from './bulk/start-run-jobs.js';
import { startSchedules } from './schedules/start-schedules.js';
import { startTriggers } from './triggers/start-triggers.js';
import { startSteps } from './steps/start-steps.js';
import { webhookOptionsOf } from './steps/webhook/webhook.env.js';

/** One group decides the commands of all runs. */
export const workflowDecisionsGroup = 'orchestrator.decisions';

/** A map begins as many items as its window has, each a stream of its own, and a run that ends takes all of them along. */
const workflowBounds = { followUpsMax: 100, streamsOfCommandMax: 5_000, recordsOfCommandMax: 20_000 };

/**
 * Moves workflows on: its engine decides what follows, its executors do it.
 *
 * @throws what is wrong with the environment, or with the schemas at the registry; servers that are away are waited for.
 */
export async function startOrchestrator(source: NodeJS.ProcessEnv, host: AppHost): Promise<RunningApp> {
  const env = readOrchestratorEnv(source);
  const { instance, logger, metrics } = host;
  const payloads = openPayloads(env, metrics);
  return startDecidingApp({
    name: 'orchestrator',
    ...{ env, host },
    hosted: (codecs) => ({
      aggregate: plantWorkflowRules(workflowsAggregate(workflowPorts()), plantableWorkflowBugs.filter(isPlanted)),
      codec: workflowsCodec(codecs),
      commandTopic: 'workflow.commands',
      eventTopic: 'workflow.events',
      group: workflowDecisionsGroup,
    }),
    bounds: workflowBounds,
    payloads,
    parts: [
      {
        name: 'steps',
        start: (ground) =>
          startSteps({
            ...{ ...ground, instance, logger, metrics },
            databaseUrl: env.DATABASE_URL,
            slotsMax: env.CHORDA_STEP_SLOTS,
            readyMax: env.CHORDA_STEP_INBOX_MAX,
            webhook: webhookOptionsOf(env),
            payloads,
            defaultModel: env.CHORDA_MODEL,
            inferenceAbsentMs: env.CHORDA_INFERENCE_ABSENT_MS,
          }),
      },
      {
        name: 'schedules',
        start: (ground) =>
          startSchedules({ ...{ ...ground, instance, logger, metrics }, databaseUrl: env.DATABASE_URL }),
      },
      {
        name: 'triggers',
        start: (ground) =>
          startTriggers({ ...{ ...ground, instance, logger, metrics }, databaseUrl: env.DATABASE_URL }),
      },
      {
        name: 'run jobs',
        start: (ground) => startRunJobs({ ...{ ...ground, instance, logger, metrics }, databaseUrl: env.DATABASE_URL }),
      },
    ],
  });
}

/** Commands on the topic are those that somebody gives; what the rules give themselves is never encoded. */
function workflowsCodec(codecs: DecidingCodecs): DecisionCodec<AnyWorkflowCommand, WorkflowEvent> {
  return contractsCodec<WorkflowCommand, WorkflowEvent>(codecs);
}
