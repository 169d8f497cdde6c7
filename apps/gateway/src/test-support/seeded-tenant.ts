import { deadLetterTopic } from '@chorda/contracts';
import { newId } from '@chorda/kernel';
import { createKafkaDriver, redriveTopic } from '@chorda/messaging';
import { createPool, encodeParkedHeaders } from '@chorda/read-models';
import type pg from 'pg';
import type { Ground, GatewayUnderTest } from './gateway-under-test.js';
import { executed, GatewayClient } from './requests.js';

/** Text that is in everything of the tenant: who sees it in the answer to another tenant has found a leak. */
export const markOfTenant = 'MARK-OF-DEFAULT';

/** Something of the tenant `default` at every address that names one thing. */
export interface SeededTenant {
  /** By operation id: what stands in the path, in place of the parameters. */
  readonly paths: Readonly<Record<string, string>>;
  readonly eventId: string;
  readonly correlationId: string;
  readonly position: string;
  readonly keyId: string;
  readonly parkedId: string;
  readonly deadLetter: { readonly topic: string; readonly partition: number; readonly offset: string };
  readonly externalType: string;
}

const group = 'spec.group';
const setAsideFrom = 'external.webhook';

/** Rows as projectors write them, and the rest through the gateway's own door. */
export async function seedTenant(ground: Ground, gateway: GatewayUnderTest): Promise<SeededTenant> {
  const client = new GatewayClient(gateway.url, await ground.issueKey(['admin', 'deployment:operate']));
  const pool = createPool(ground.env['DATABASE_URL'] ?? '');
  try {
    await fillReadModels(pool);
    const parkedId = await park(pool);
    const deadLetter = await setAside(ground, pool);
    const correlationId = `${markOfTenant}-correlation`;
    const event = executed({ correlationid: correlationId }, { agent_id: `${markOfTenant}-agent` });
    const sent = await client.send(event);
    await ground.journal.catchUp();
    const keyId = String((await post(client, '/v1/keys', { name: markOfTenant, role: 'viewer' })).body['key_id']);
    await post(client, '/v1/tenants', { tenant_id: 'seeded', name: 'Seeded' });
    const externalType = `external.seeded_${newId().slice(-8).toLowerCase()}`;
    const avro = { type: 'record', name: 'Seeded', fields: [{ name: 'n', type: 'long' }] };
    const registered = await client.request('PUT', `/v1/schemas/${externalType}`, json({ avro }));
    if (registered.status >= 300) throw new Error(`No external type: ${JSON.stringify(registered.body)}`);
    await storeWorkflow(client);
    const known = { eventId: event.id, correlationId, keyId, parkedId, deadLetter, externalType };
    return { ...known, position: String(sent.body['position']), paths: pathsOf(known) };
  } finally {
    await pool.end();
  }
}

/** No engine runs beside the specs of all operations: what it would decide is not there, for the tenant itself neither. */
const agent = '/v1/agents/undecided';
const execution = '/v1/executions/undecided';
const run = '/v1/runs/undecided';
const task = '/v1/tasks/undecided';
const schedule = '/v1/schedules/undecided';
const trigger = `/v1/triggers/${markOfTenant}-trigger`;
export const undecidedPaths = {
  validateAgent: `${agent}/validate`,
  executeAgent: `${agent}/execute`,
  terminateAgent: `${agent}/terminate`,
  deleteAgent: agent,
  getAgentHistory: `${agent}/history`,
  getAgentState: `${agent}/state`,
  getSession: `${agent}/sessions/undecided`,
  writeMemory: `${agent}/sessions/undecided/memory/data/undecided`,
  forgetMemory: `${agent}/sessions/undecided/memory/data/undecided`,
  cancelExecution: `${execution}/cancel`,
  retryExecution: `${execution}/retry`,
  settleIncident: `${execution}/incidents/undecided/settle`,
  getExecutionHistory: `${execution}/history`,
  getExecutionState: `${execution}/state`,
  getPayload: '/v1/payloads/undecided',
  getCommand: '/v1/commands/undecided',
  signalRun: `${run}/signal`,
  pauseRun: `${run}/pause`,
  resumeRun: `${run}/resume`,
  cancelRun: `${run}/cancel`,
  retryRun: `${run}/retry`,
  forkRun: `${run}/fork`,
  getRunHistory: `${run}/events`,
  getRunPlan: `${run}/plan`,
  getRunReport: `${run}/report`,
  changeSchedule: schedule,
  deleteSchedule: schedule,
  pauseSchedule: `${schedule}/pause`,
  resumeSchedule: `${schedule}/resume`,
  claimTask: `${task}/claim`,
  decideTask: `${task}/decide`,
};

function pathsOf(known: Omit<SeededTenant, 'paths' | 'position'>): Readonly<Record<string, string>> {
  const { topic, partition, offset } = known.deadLetter;
  const parked = `/v1/projections/spec/parked/${known.parkedId}`;
  return {
    getEvent: `/v1/events/${known.eventId}`,
    getAgent: `/v1/agents/${markOfTenant}-agent`,
    getExecution: `/v1/executions/${markOfTenant}-execution`,
    ...undecidedPaths,
    getInferenceRequest: `/v1/inference/${markOfTenant}-request`,
    cancelInferenceRequest: `/v1/inference/${markOfTenant}-none/cancel`,
    streamInferenceRequest: `/v1/inference/${markOfTenant}-request/stream`,
    retrieveModel: '/openai/v1/models/seeded',
    removeTool: `/v1/tools/${markOfTenant}-tool`,
    beatWork: `/v1/work/${markOfTenant}-work/heartbeat`,
    recordWork: `/v1/work/${markOfTenant}-work/result`,
    getRun: `/v1/runs/${markOfTenant}-run`,
    listRunSteps: `/v1/runs/${markOfTenant}-run/steps`,
    getTask: `/v1/tasks/${markOfTenant}-task`,
    getSchedule: `/v1/schedules/${markOfTenant}-schedule`,
    getTrigger: trigger,
    pauseTrigger: `${trigger}/pause`,
    resumeTrigger: `${trigger}/resume`,
    deleteTrigger: trigger,
    getRunJob: `/v1/run-jobs/${markOfTenant}-job`,
    cancelRunJob: `/v1/run-jobs/${markOfTenant}-job/cancel`,
    fireHook: '/v1/hooks/trg_of-nobody',
    listNextFires: `/v1/schedules/${markOfTenant}-schedule/next`,
    listCorrelatedEvents: `/v1/correlations/${known.correlationId}/events`,
    getTopic: '/v1/topics/agent.events',
    getSchema: '/v1/schemas/agent.executed',
    putExternalType: `/v1/schemas/${known.externalType}`,
    showKey: `/v1/keys/${known.keyId}`,
    revokeKey: `/v1/keys/${known.keyId}`,
    showTenant: '/v1/tenants/seeded',
    changeTenant: '/v1/tenants/seeded',
    getDeadLetter: `/v1/dead-letters/${topic}/${partition}/${offset}`,
    listParked: '/v1/projections/spec/parked',
    retryAllParked: '/v1/projections/spec/parked/retry',
    getParked: parked,
    retryParked: `${parked}/retry`,
    discardParked: `${parked}/discard`,
    startRebuild: '/v1/projections/agents/rebuild',
    getRebuild: '/v1/projections/agents/rebuild',
    actOnRebuild: '/v1/projections/agents/rebuild/cancel',
    getWorkflow: `/v1/workflows/${markOfTenant.toLowerCase()}`,
    listWorkflowVersions: `/v1/workflows/${markOfTenant.toLowerCase()}/versions`,
    getWorkflowVersion: `/v1/workflows/${markOfTenant.toLowerCase()}/versions/1`,
    exportWorkflowVersion: `/v1/workflows/${markOfTenant.toLowerCase()}/versions/1/export`,
    archiveWorkflow: `/v1/workflows/${markOfTenant.toLowerCase()}`,
    startRun: `/v1/workflows/${markOfTenant.toLowerCase()}/runs`,
    beatStep: `/v1/steps/${markOfTenant}-work/heartbeat`,
    recordStep: `/v1/steps/${markOfTenant}-work/result`,
    referenceAsset: '/reference/start.js',
  };
}

const json = (body: unknown) => ({ body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
const post = (client: GatewayClient, path: string, body: unknown) => client.request('POST', path, json(body));

async function storeWorkflow(client: GatewayClient): Promise<void> {
  const steps = { a: { kind: 'script', value: markOfTenant } };
  const stored = await post(client, '/v1/workflows', { workflow: markOfTenant.toLowerCase(), steps });
  if (stored.status >= 300) throw new Error(`No workflow: ${JSON.stringify(stored.body)}`);
}

async function fillReadModels(pool: pg.Pool): Promise<void> {
  await insert(pool, 'agents_v2', { agent_id: `${markOfTenant}-agent` });
  await insert(pool, 'executions_v1', { execution_id: `${markOfTenant}-execution`, status: 'completed' });
  await insert(pool, 'runs_v2', { workflow_id: `${markOfTenant}-run`, status: 'completed' });
  await insert(pool, 'steps_v1', { workflow_id: `${markOfTenant}-run`, step_id: 's-1', status: 'completed' });
  await insert(pool, 'schedules_v1', { schedule_id: `${markOfTenant}-schedule`, status: 'deleted' });
  await insert(pool, 'workflow_triggers', { trigger_id: `${markOfTenant}-trigger`, kind: 'event', enabled: false });
  const job = { action: 'pause', status: 'completed', told: '{}', filter: '{}', conditions: '[]', refusals: '[]' };
  await insert(pool, 'run_jobs', { job_id: `${markOfTenant}-job`, ...job });
  await insert(pool, 'tasks_v1', { task_id: `${markOfTenant}-task`, status: 'open' });
  await insert(pool, 'inference_requests_v1', { request_id: `${markOfTenant}-request`, status: 'completed' });
  // Models are of the deployment: every tenant sees them.
  await pool.query(
    `INSERT INTO inference_models (provider, replica, model, seen_at) VALUES ('spec', 'r-1', 'seeded', now() + interval '1 hour')`,
  );
  await insert(pool, 'usage_v1', { agent_id: `${markOfTenant}-agent`, model: markOfTenant });
}

/** A row in which every column that must have a value has one of its type. */
async function insert(pool: pg.Pool, table: string, values: Readonly<Record<string, unknown>>): Promise<void> {
  const { rows } = await pool.query<{ name: string; type: string }>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_name = $1 AND is_nullable = 'NO' AND table_schema = current_schema()`,
    [table],
  );
  const row = {
    ...Object.fromEntries(rows.map(({ name, type }) => [name, valueOf(type)])),
    tenant_id: 'default',
    ...values,
  };
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  await pool.query(`INSERT INTO ${table} (${names.join(',')}) VALUES (${places.join(',')})`, Object.values(row));
}

function valueOf(type: string): unknown {
  switch (type) {
    case 'boolean':
      return true;
    case 'ARRAY':
      return [];
    case 'text':
      return 'x';
    case 'timestamp with time zone':
      return new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000);
    default:
      return 1;
  }
}

async function park(pool: pg.Pool): Promise<string> {
  const id = 'a'.repeat(32);
  await pool.query(`INSERT INTO projections VALUES ('spec', 1, '{}') ON CONFLICT DO NOTHING`);
  await pool.query(
    `INSERT INTO parked_sequences (tenant_id, sequence_id, projection, version, topic, partition, aggregate_key, events,
       bytes, first_offset, last_offset, reason, fingerprint, error_class, error_message, event_type, parked_at, updated_at)
     VALUES ('default', $1, 'spec', 1, 'system.events', 0, 'default/worker', 1, 10, 5, 5, 'apply', '5b3a1c0f9d2e4a67',
       'TypeError', $2, 'system.health_check', now(), now())`,
    [id, markOfTenant],
  );
  await pool.query(
    `INSERT INTO parked_events (tenant_id, sequence_id, projection, version, topic, partition, "offset", order_offset,
       record_time, event_id, event_type, key, value, headers, parked_at)
     VALUES ('default', $1, 'spec', 1, 'system.events', 0, 5, 5, now(), 'e', 'system.health_check', '\\x00', '\\x07', $2, now())`,
    [id, encodeParkedHeaders({})],
  );
  return id;
}

/** A dead letter as a consumer writes it, and the projector's row for it. */
async function setAside(ground: Ground, pool: pg.Pool): Promise<SeededTenant['deadLetter']> {
  const { KAFKA_BROKERS: brokers = '', CHORDA_TOPIC_PREFIX: topicPrefix = '' } = ground.env;
  const topic = deadLetterTopic(setAsideFrom, group);
  const driver = createKafkaDriver({ brokers: brokers.split(','), topicPrefix, clientId: 'spec' });
  try {
    const admin = await driver.admin();
    await admin.createTopics([
      { name: topic, partitions: 1, replicationFactor: 1, config: {} },
      { name: redriveTopic(setAsideFrom, group), partitions: 3, replicationFactor: 1, config: {} },
    ]);
    const producer = await driver.createProducer();
    const now = new Date().toISOString();
    const told = { topic: setAsideFrom, partition: '1', offset: '7', group, attempts: '1', 'first-at': now, at: now };
    const failed = { stage: 'decode', reason: 'undecodable', class: 'Error', message: markOfTenant };
    const headers = Object.entries({ ...told, ...failed }).map(([name, value]) => [`dlq-${name}`, value]);
    const { offset } = await producer.send({
      topic,
      partition: 0,
      key: Buffer.from('default/u'),
      value: Buffer.from('not avro'),
      headers: Object.fromEntries(headers),
    });
    await pool.query(
      `INSERT INTO dead_letters_v1 (tenant_id, topic, partition, "offset", record_time, source_topic, source_partition,
         source_offset, consumer_group, stage, reason, error_class, error_message, attempts, value_bytes)
       VALUES ('default', $1, 0, $2, now(), $3, 1, 7, $4, 'decode', 'undecodable', 'Error', $5, 1, 8)`,
      [topic, offset, setAsideFrom, group, markOfTenant],
    );
    return { topic, partition: 0, offset: String(offset) };
  } finally {
    await driver.close();
  }
}
