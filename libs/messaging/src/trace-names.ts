/** OpenTelemetry's messaging conventions are still moving: their names stand here and nowhere else. */
export const traceNames = {
  tracer: '@chorda/messaging',
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  batchCount: 'messaging.batch.message_count',
  offset: 'messaging.kafka.offset',
} as const;
