import { agents, agentsBefore } from './agents/agents.projection.js';
import { executions } from './executions/executions.projection.js';
import { inferenceRequests } from './inference-requests/inference-requests.projection.js';
import { journalProjection } from './journal/journal.projection.js';
import { ratesProjection } from './rates/rates.projection.js';
import { DayPartitions } from './runner/day-partitions.js';
import type { Projection } from './runner/projection.js';
import { runs, runsBefore } from './runs/runs.projection.js';
import { serviceHealth } from './services/service-health.projection.js';
import { schedules } from './schedules/schedules.projection.js';
import { services } from './services/services.projection.js';
import { steps } from './steps/steps.projection.js';
import { tasks } from './tasks/tasks.projection.js';
import { usage } from './usage/usage.projection.js';

/** Whole days that histories are kept; Infinity keeps them for ever. */
export interface Retention {
  readonly journalDays: number;
  readonly healthDays: number;
  readonly ratesDays: number;
}

/** Every projection that a projector runs. A new one is one line here; `docs/how-to/write-a-projection.md` shows it. */
export function allProjections({ journalDays, healthDays, ratesDays }: Retention): readonly Projection[] {
  return [
    journalProjection(new DayPartitions('journal_v1', journalDays)),
    services,
    serviceHealth(new DayPartitions('service_health_v1', healthDays)),
    agents,
    // What older installations still show goes on until version 2 has caught up: this and `runsBefore`.
    agentsBefore,
    executions,
    runs,
    runsBefore,
    steps,
    tasks,
    usage,
    inferenceRequests,
    schedules,
    ratesProjection(new DayPartitions('rates_v1', ratesDays)),
  ];
}

/** Those of their tables that are cut by day, for upkeep. */
export function dayTablesOf(projections: readonly Projection[]): readonly DayPartitions[] {
  return projections.flatMap(({ days }) => days ?? []);
}
