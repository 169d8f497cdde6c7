import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { EventCodec } from '@chorda/contracts';
import type { Logger } from '@chorda/kernel';
import type { KafkaAdmin, Producer } from '@chorda/messaging';
import {
  ApiKeyRepository,
  CheckpointRepository,
  JournalRepository,
  ServicesRepository,
  TenantRepository,
  RebuildRepository,
  RunJobRepository,
  TriggerRepository,
  WorkflowDefinitionRepository,
} from '@chorda/read-models';
import type pg from 'pg';
import { AgentCommandsController } from './agents/agent-commands.controller.js';
import { AgentCommands } from './agents/agent-commands.js';
import { ExecutionCommandsController } from './agents/execution-commands.controller.js';
import type { CommandParts, DecisionParts } from './agents/open-decisions.js';
import { SessionsController } from './agents/sessions.controller.js';
import { StreamsController } from './agents/streams.controller.js';
import { AuditRelay } from './audit/audit-relay.js';
import { Denials } from './audit/denials.js';
import { ApiKeyGuard } from './auth/api-key.guard.js';
import { Authenticator } from './auth/authenticator.js';
import { Entrance } from './auth/entrance.js';
import { EventsController } from './events/events.controller.js';
import { ReadYourWrites } from './events/read-your-writes.js';
import { RunCommands } from './runs/run-commands.js';
import { RunCommandsController } from './runs/run-commands.controller.js';
import { RunViewsController } from './runs/run-views.controller.js';
import { StepWorkController } from './runs/step-work.controller.js';
import { TaskCommandsController } from './runs/task-commands.controller.js';
import { ScheduleCommands } from './schedules/schedule-commands.js';
import { SchedulesController } from './schedules/schedules.controller.js';
import { RunJobsController } from './run-jobs/run-jobs.controller.js';
import { HooksController } from './triggers/hooks.controller.js';
import { TriggersController } from './triggers/triggers.controller.js';
import type { RunDecisionParts } from './runs/open-run-decisions.js';
import { StepDesk } from './runs/step-desk.js';
import { DefinitionsController } from './workflows/definitions/definitions.controller.js';
import { ExternalTypesController } from './external-types/external-types.controller.js';
import { externalTypeProviders, type ExternalTypeParts } from './external-types/open-external-types.js';
import { GatewayMetrics } from './gateway.metrics.js';
import {
  decisionParts,
  runDecisionParts,
  scheduleDecisionParts,
  gatewayAdmin,
  gatewayLogger,
  gatewayPool,
  gatewayProducer,
  gatewayReadiness,
} from './gateway.tokens.js';
import { HealthController, type Readiness } from './health/health.controller.js';
import { ProblemFilter } from './http/problem.filter.js';
import { validationPipe } from './http/standard-schema-problem.js';
import { inferenceControllers, inferenceProviders, type InferenceParts } from './inference/open-inference.js';
import { IngestController } from './ingest/ingest.controller.js';
import { ingestProviders, type IngestParts } from './ingest/open-ingest.js';
import { SimulationDoor } from './ingest/simulation-door.js';
import { KeysController } from './keys/keys.controller.js';
import { RateLimits } from './limits/rate-limits.js';
import { queryControllers, queryProviders } from './lists/query-parts.js';
import { PayloadDesk } from './payloads/payload-desk.js';
import { PayloadsController } from './payloads/payloads.controller.js';
import { ProjectionStandings } from './projections/projection-standings.js';
import { ProjectionsController } from './projections/projections.controller.js';
import { RebuildsController } from './projections/rebuilds.controller.js';
import { ApiDocuments } from './reference/api-documents.js';
import { ReferenceController } from './reference/reference.controller.js';
import { tailProviders, type OpenTail } from './stream/open-tail.js';
import { StreamController } from './stream/stream.controller.js';
import { SystemController } from './system/system.controller.js';
import { TenantsController } from './tenants/tenants.controller.js';
import { workerControllers, workerProviders, type WorkerParts } from './workers/open-workers.js';

/** Who is let in, how often, and what the audit log is told of it. */
export interface AccessParts {
  readonly keys: ApiKeyRepository;
  readonly tenants: TenantRepository;
  readonly limits: RateLimits;
  readonly audit: AuditRelay;
  readonly denials: Denials;
}

/** What is opened before Nest is, and closed after it. */
export interface GatewayParts {
  readonly logger: Logger;
  readonly producer: Producer;
  readonly admin: KafkaAdmin;
  readonly codec: EventCodec;
  readonly pool: pg.Pool;
  readonly authenticator: Authenticator;
  readonly access: AccessParts;
  readonly externalTypes: ExternalTypeParts;
  readonly ingest: IngestParts;
  readonly decisions: DecisionParts;
  readonly workers: WorkerParts;
  readonly runDecisions: RunDecisionParts;
  readonly scheduleDecisions: CommandParts;
  readonly stepDesk: StepDesk;
  readonly inference: InferenceParts;
  readonly payloads: PayloadDesk;
  readonly journal: JournalRepository;
  readonly services: ServicesRepository;
  readonly checkpoints: CheckpointRepository;
  readonly projections: ProjectionStandings;
  readonly tail: OpenTail;
  readonly metrics: GatewayMetrics;
  readonly documents: ApiDocuments;
  readonly problems: ProblemFilter;
  readonly simulation: SimulationDoor;
  readonly notReady: Readiness;
}

@Module({})
export class GatewayModule {
  static with(parts: GatewayParts): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [
        IngestController,
        EventsController,
        StreamController,
        SystemController,
        ProjectionsController,
        RebuildsController,
        ExternalTypesController,
        KeysController,
        TenantsController,
        HealthController,
        ReferenceController,
        AgentCommandsController,
        ExecutionCommandsController,
        StreamsController,
        SessionsController,
        PayloadsController,
        ...workerControllers,
        RunCommandsController,
        RunViewsController,
        TaskCommandsController,
        StepWorkController,
        DefinitionsController,
        SchedulesController,
        TriggersController,
        HooksController,
        RunJobsController,
        ...inferenceControllers,
        ...queryControllers,
      ],
      providers: [
        { provide: APP_GUARD, useClass: ApiKeyGuard },
        { provide: APP_FILTER, useValue: parts.problems },
        { provide: APP_PIPE, useFactory: validationPipe },
        { provide: gatewayLogger, useValue: parts.logger },
        { provide: gatewayProducer, useValue: parts.producer },
        { provide: gatewayAdmin, useValue: parts.admin },
        { provide: gatewayPool, useValue: parts.pool },
        { provide: gatewayReadiness, useValue: parts.notReady },
        { provide: EventCodec, useValue: parts.codec },
        { provide: Authenticator, useValue: parts.authenticator },
        { provide: ApiKeyRepository, useValue: parts.access.keys },
        { provide: TenantRepository, useValue: parts.access.tenants },
        { provide: RateLimits, useValue: parts.access.limits },
        { provide: AuditRelay, useValue: parts.access.audit },
        { provide: Denials, useValue: parts.access.denials },
        { provide: JournalRepository, useValue: parts.journal },
        { provide: ServicesRepository, useValue: parts.services },
        { provide: CheckpointRepository, useValue: parts.checkpoints },
        { provide: RebuildRepository, useValue: new RebuildRepository(parts.pool) },
        { provide: ProjectionStandings, useValue: parts.projections },
        { provide: GatewayMetrics, useValue: parts.metrics },
        { provide: ApiDocuments, useValue: parts.documents },
        { provide: SimulationDoor, useValue: parts.simulation },
        ...externalTypeProviders(parts.externalTypes),
        ...ingestProviders(parts.ingest),
        { provide: decisionParts, useValue: parts.decisions },
        ...workerProviders(parts.workers),
        { provide: PayloadDesk, useValue: parts.payloads },
        { provide: runDecisionParts, useValue: parts.runDecisions },
        { provide: scheduleDecisionParts, useValue: parts.scheduleDecisions },
        ScheduleCommands,
        { provide: RunJobRepository, useValue: new RunJobRepository(parts.pool) },
        { provide: TriggerRepository, useValue: new TriggerRepository(parts.pool) },
        { provide: StepDesk, useValue: parts.stepDesk },
        RunCommands,
        { provide: WorkflowDefinitionRepository, useValue: new WorkflowDefinitionRepository(parts.pool) },
        ...inferenceProviders(parts.inference),
        AgentCommands,
        Entrance,
        ReadYourWrites,
        ...queryProviders,
        ...tailProviders(parts.tail, parts.authenticator),
      ],
    };
  }
}
