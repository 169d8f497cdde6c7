/** What one run of every operation finds or makes, for the operations behind it. */
export interface Known {
  readonly folder: string;
  eventId: string;
  correlationId: string;
  agentId: string;
  executionId: string;
  runId: string;
  taskId: string;
  keyId: string;
  externalType: string;
}
