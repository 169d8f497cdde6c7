import { BackboneError } from '@chorda/kernel';
import {
  BrokerUnavailableError,
  KafkaAuthenticationError,
  KafkaAuthorizationError,
  KafkaProtocolError,
  TopicMissingError,
} from '../errors.js';

/** Codes of Kafka's protocol that the driver acts on. */
export const kafkaErrors = {
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeaderOrFollower: 6,
  requestTimedOut: 7,
  brokerNotAvailable: 8,
  replicaNotAvailable: 9,
  messageTooLarge: 10,
  networkException: 13,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  invalidTopic: 17,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  illegalGeneration: 22,
  unknownMemberId: 25,
  rebalanceInProgress: 27,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  clusterAuthorizationFailed: 31,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  kafkaStorageError: 56,
  unknownProducerId: 59,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
  fencedInstanceId: 82,
  producerFenced: 90,
} as const;

const retriableCodes: ReadonlySet<number> = new Set([
  kafkaErrors.corruptMessage,
  kafkaErrors.unknownTopicOrPartition,
  kafkaErrors.leaderNotAvailable,
  kafkaErrors.notLeaderOrFollower,
  kafkaErrors.requestTimedOut,
  kafkaErrors.brokerNotAvailable,
  kafkaErrors.replicaNotAvailable,
  kafkaErrors.networkException,
  kafkaErrors.coordinatorLoading,
  kafkaErrors.coordinatorNotAvailable,
  kafkaErrors.notCoordinator,
  kafkaErrors.notEnoughReplicas,
  kafkaErrors.notEnoughReplicasAfterAppend,
  kafkaErrors.kafkaStorageError,
  kafkaErrors.fencedLeaderEpoch,
  kafkaErrors.unknownLeaderEpoch,
  kafkaErrors.offsetNotAvailable,
]);

export function isRetriableCode(code: number): boolean {
  return retriableCodes.has(code);
}

const authorizationCodes: ReadonlySet<number> = new Set([
  kafkaErrors.topicAuthorizationFailed,
  kafkaErrors.groupAuthorizationFailed,
  kafkaErrors.clusterAuthorizationFailed,
]);

export function errorOfCode(code: number, what: string, topic?: string): BackboneError {
  if (code === kafkaErrors.unknownTopicOrPartition && topic !== undefined) return new TopicMissingError(topic);
  if (authorizationCodes.has(code)) return new KafkaAuthorizationError(`${what} is not allowed (Kafka code ${code})`);
  return new KafkaProtocolError(
    `${what} was refused by the broker with Kafka code ${code}`,
    code,
    isRetriableCode(code),
  );
}

/** The Kafka code in an error of kafkajs, where the broker answered with one. */
export function codeOf(error: unknown): number | undefined {
  if (error instanceof KafkaProtocolError) return error.kafkaCode;
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'KafkaJSProtocolError' && 'code' in error && typeof error.code === 'number') return error.code;
  return error.cause === undefined ? undefined : codeOf(error.cause);
}

/** No error of kafkajs leaves the driver. */
export function toBackboneError(error: unknown, what: string, topic?: string): BackboneError {
  const ours = backboneErrorIn(error);
  if (ours !== undefined) return ours;
  const code = codeOf(error);
  if (code !== undefined) return errorOfCode(code, what, topic);
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  if (name === 'KafkaJSSASLAuthenticationError') {
    return new KafkaAuthenticationError(`${what}: the broker refused the credentials`, { cause: error });
  }
  if (name === 'KafkaJSNotImplemented' || name === 'KafkaJSServerDoesNotSupportApiKey') {
    return new KafkaProtocolError(`${what}: ${message}`, -1, false);
  }
  return new BrokerUnavailableError(`${what}: ${message}`, { cause: error });
}

/** kafkajs wraps what our own code throws inside it, as a sign-in that fails. */
function backboneErrorIn(error: unknown): BackboneError | undefined {
  if (error instanceof BackboneError) return error;
  return error instanceof Error && error.cause !== undefined ? backboneErrorIn(error.cause) : undefined;
}

/** Whether the connection failed, so that nobody knows if the broker did what it was asked. */
export function isConnectionFailure(error: unknown): boolean {
  return error instanceof BrokerUnavailableError;
}
