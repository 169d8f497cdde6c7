export { cacheFolder } from './artifacts/cache.js';
export { ensureJava, fetchArtifact, kafkaJars, type Artifact, type ArtifactOptions } from './artifacts/artifacts.js';
export {
  AlreadyRunningError,
  ChecksumMismatchError,
  DiskFullError,
  DownloadFailedError,
  JavaMissingError,
  MachineError,
  MavenMissingError,
  PortTakenError,
  ServerFailedError,
  UnusableFolderError,
} from './errors.js';
export { freePorts, isPortFree } from './machine/ports.js';
export { identify, isAlive, type ProcessIdentity } from './machine/process-identity.js';
export { checkMachine, type MachineCheck } from './preflight.js';
export {
  KafkaServer,
  newClusterId,
  type ClusterMember,
  type KafkaOptions,
  type SaslAccess,
} from './servers/kafka-server.js';
export { PostgresServer } from './servers/postgres-server.js';
export { Reaper } from './servers/reaper.js';
export { RedisServer } from './servers/redis-server.js';
export type { RegistryKafka } from './servers/registry-kafka.js';
export { RegistryServer } from './servers/registry-server.js';
export type { Server } from './servers/server.js';
export { portTable, readSettings, type DevelopmentSettings } from './settings.js';
export {
  prepareStack,
  serversOf,
  startStackServers,
  stopStackServers,
  type ServerName,
  type StackOptions,
  type StackPorts,
  type StackServers,
} from './stack.js';
