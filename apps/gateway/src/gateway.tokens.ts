/** Names under which Nest hands out what has no class of its own. */
export const gatewayProducer = Symbol('gateway producer');
export const gatewayLogger = Symbol('gateway logger');
export const gatewaySettings = Symbol('gateway settings');
export const gatewayReadiness = Symbol('gateway readiness');
export const gatewayAdmin = Symbol('gateway kafka admin');
export const gatewayDriver = Symbol('gateway kafka driver');
export const gatewayPool = Symbol('gateway database pool');
export const ingestLimits = Symbol('gateway ingest limits');
export const decisionParts = Symbol('gateway decision parts');
export const runDecisionParts = Symbol('gateway decision parts of runs');
export const scheduleDecisionParts = Symbol('gateway decision parts of schedules');
