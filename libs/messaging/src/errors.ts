import { BackboneError } from '@chorda/kernel';

/** No broker could be reached, or the one that was asked went away. Nothing was stored by this call. */
export class BrokerUnavailableError extends BackboneError {
  readonly code = 'BROKER_UNAVAILABLE';
  readonly retriable = true;
}

export class KafkaAuthenticationError extends BackboneError {
  readonly code = 'KAFKA_AUTHENTICATION';
  readonly retriable = false;
}

export class KafkaAuthorizationError extends BackboneError {
  readonly code = 'KAFKA_AUTHORIZATION';
  readonly retriable = false;
}

/** The broker answered with an error that no other class stands for. */
export class KafkaProtocolError extends BackboneError {
  readonly code = 'KAFKA_PROTOCOL';

  constructor(
    message: string,
    readonly kafkaCode: number,
    readonly retriable: boolean,
  ) {
    super(message);
  }
}

export class TopicMissingError extends BackboneError {
  readonly code = 'TOPIC_MISSING';
  readonly retriable = false;

  constructor(readonly topic: string) {
    super(`Topic ${topic} does not exist: run \`chorda topics apply\``);
  }
}

export class RecordTooLargeError extends BackboneError {
  readonly code = 'RECORD_TOO_LARGE';
  readonly retriable = false;

  constructor(topic: string, bytes: number, bytesMax: number) {
    super(`A record of ${bytes} bytes for ${topic} is over the limit of ${bytesMax}`);
  }
}

/** The record has neither key nor partition, or a partition that its topic does not have. */
export class RecordRefusedError extends BackboneError {
  readonly code = 'RECORD_REFUSED';
  readonly retriable = false;
}

export class ProducerQueueFullError extends BackboneError {
  readonly code = 'PRODUCER_QUEUE_FULL';
  readonly retriable = true;

  constructor(queuedBytes: number, queueBytesMax: number) {
    super(`${queuedBytes} bytes already wait for the brokers, the limit is ${queueBytesMax}: try again later`);
  }
}

export class ProducerClosedError extends BackboneError {
  readonly code = 'PRODUCER_CLOSED';
  readonly retriable = false;

  constructor() {
    super('The producer is closed');
  }
}

/** Sent, not acknowledged: the record may be in the log, or may not. It will not appear twice. */
export class DeliveryUnknownError extends BackboneError {
  readonly code = 'DELIVERY_UNKNOWN';
  readonly retriable = true;
}

/** A batch of the log cannot be read: unknown codec, over the inflation bound, or broken bytes. */
export class PartitionUnreadableError extends BackboneError {
  readonly code = 'PARTITION_UNREADABLE';
  readonly retriable = true;

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly offset: bigint,
    reason: string,
  ) {
    super(`${topic}[${partition}] cannot be read at offset ${offset}: ${reason}`);
  }
}

/** The record stands in another partition than its key says: order per aggregate would not hold for it. */
export class WrongPartitionError extends BackboneError {
  readonly code = 'WRONG_PARTITION';
  readonly retriable = false;

  constructor(topic: string, partition: number, expected: number) {
    super(`The key belongs to partition ${expected} of ${topic}, the record stands in ${partition}`);
  }
}

/** kafkajs is not the version that the driver was written and tested against. */
export class DriverVersionError extends BackboneError {
  readonly code = 'DRIVER_VERSION';
  readonly retriable = false;
}
