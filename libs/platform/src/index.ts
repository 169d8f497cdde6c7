export {
  apiKeyMatches,
  createApiKey,
  hashApiKey,
  parseApiKey,
  redactApiKey,
  type NewApiKey,
} from './access/api-key.js';
export {
  kafkaConnection,
  registryConnection,
  type KafkaConnectionSettings,
  type KafkaSaslSettings,
} from './env/connections.js';
export { EnvironmentError } from './env/environment-error.js';
export { TokenUnavailableError } from './env/oauth-token.js';
export { readEnv } from './env/read-env.js';
export { askServer, ServerUnusableError, usingServer, type NamedServer } from './env/server-fault.js';
export {
  databaseEnv,
  flag,
  httpEnv,
  kafkaEnv,
  loggingEnv,
  logLevels,
  metricsEnv,
  port,
  processEnv,
  redisEnv,
  registryEnv,
  selfReportEnv,
  tracingEnv,
  wholeNumber,
  type LogLevel,
} from './env/shapes.js';
export { HealthRegistry, type HealthCheck } from './health/health-registry.js';
export { JsonSchemaCheck } from './json-schema/json-schema-check.js';
export { createLogger, type LoggerOptions } from './logging/create-logger.js';
export { nestLogger } from './logging/nest-logger.js';
export { redactText, redactValue } from './logging/redaction.js';
export { startMetricsServer, type MetricsServer, type MetricsServerOptions } from './metrics/metrics-server.js';
export { renderMetrics } from './metrics/render-metrics.js';
export { FolderStore } from './payloads/folder-store.js';
export type { ObjectStore } from './payloads/object-store.js';
export {
  PayloadChangedError,
  PayloadMissingError,
  PayloadTooLargeError,
  StoreAwayError,
} from './payloads/payload-errors.js';
export { payloadBytesMax, PayloadStore, type PayloadReport } from './payloads/payload-store.js';
export { openPayloads, payloadsEnv } from './payloads/payloads.env.js';
export { createAppHost, productVersion, type AppHostOptions } from './process/app-host.js';
export type { AppHost, RunningApp, StartApp } from './process/app.js';
export { crashPoint } from './process/crash-point.js';
export {
  isPlanted,
  plantableBugs,
  plantableDecisionBugs,
  plantableGatewayBugs,
  plantableInferenceBugs,
  plantableAnswerBugs,
  plantableDoorBugs,
  plantableAgentBugs,
  plantableWorkflowBugs,
  plantableExecutorBugs,
  plantableScheduleBugs,
  plantableUnitBugs,
  plantableWorkBugs,
  type PlantableBug,
  type PlantableDecisionBug,
  type PlantableGatewayBug,
  type PlantableInferenceBug,
  type PlantableAnswerBug,
  type PlantableDoorBug,
  type PlantableAgentBug,
  type PlantableWorkflowBug,
  type PlantableExecutorBug,
  type PlantableScheduleBug,
  type PlantableUnitBug,
  type PlantableWorkBug,
} from './process/planted-bug.js';
export { ProcessSampler, type ProcessFigures } from './process/process-sampler.js';
export { runAsProcess } from './process/run-as-process.js';
export { InMemorySpanExporter, startTracing, type Tracing, type TracingOptions } from './tracing/start-tracing.js';
