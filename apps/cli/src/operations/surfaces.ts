import type { ChordaClient } from '@chorda/client';
import type { Known } from './known.js';

/** An operation of `/openapi.json` in the three places where it can be asked for. */
export interface Surface {
  /** The command line, without `chorda`; a text says why there is none. */
  readonly cli: ((known: Known) => readonly string[]) | string;
  /** What the page shows of it. */
  readonly command?: string;
  readonly client: ((client: ChordaClient, known: Known) => Promise<unknown>) | string;
  readonly method?: string;
  /** There is no such thing on a new system: both say NOT_FOUND, or this code, and that is the right answer. */
  readonly isAbsent?:
    true | 'LEASE_LOST' | 'AGENT_NOT_FOUND' | 'EXECUTION_NOT_FOUND' | 'RUN_NOT_FOUND' | 'PAYLOAD_NOT_FOUND';
}

const forBrowsers = 'for browsers';
const aDocument = 'a document: fetch it';
const byOpenAi = 'the official `openai` client: see docs/how-to/use-the-openai-client.md';
const noRequest = 'request-of-nobody';
const parkedId = 'a'.repeat(32);
const nobody = 'agent-of-nobody';
const byWorkers = 'a process of yours does it: `worker.run` of the client';
const byStepWorkers = 'a process of yours does it: `steps` of the client';
const stepLease = {
  ...{ run_id: 'r-1', step_id: 's-1' },
  work_id: 'w-1',
  lease_token: '00000000-0000-4000-8000-000000000000',
};
const lease = { work_id: 'w-1', lease_token: '00000000-0000-4000-8000-000000000000' };
const record = { type: 'record', name: 'Op', fields: [{ name: 'n', type: 'long' }] };
const workflow = { workflow: 'op', steps: { a: { kind: 'script', value: 1 } } };
const deadLetter = { topic: 'external.webhook.spec.dead-letter', partition: 0, offset: '0' };
const webhook = { user_id: 'user-7', provider: 'me', event_name: 'hello', body: 'hi' } as const;

/** By operation id, in the order in which one run goes through them. */
export const surfaces: Readonly<Record<string, Surface>> = {
  appendEvents: {
    cli: () => ['events', 'send', 'external.webhook', '-d', JSON.stringify(webhook)],
    command: 'events send',
    client: (client) => client.events.send({ type: 'external.webhook', data: webhook }),
    method: 'events.send, events.sendAll, events.sendLines',
  },
  searchEvents: {
    cli: () => ['events', 'search', '-n', '1'],
    command: 'events search',
    client: (client) => first(client.events.search({}, { limit: 1 }).pages()),
    method: 'events.search, waitFor',
  },
  getEvent: {
    cli: ({ eventId }) => ['events', 'get', eventId],
    command: 'events get',
    client: (client, { eventId }) => client.events.get(eventId),
    method: 'events.get',
  },
  listCorrelatedEvents: {
    cli: ({ correlationId }) => ['correlation', correlationId],
    command: 'correlation',
    client: (client, { correlationId }) => first(client.correlation(correlationId).pages()),
    method: 'correlation',
  },
  streamEvents: {
    cli: () => ['events', 'tail', '--since', '1h', '-n', '1'],
    command: 'events tail',
    client: (client) => first(client.tail({ since: new Date(Date.now() - 3_600_000) })),
    method: 'tail',
  },
  openSocket: { cli: '`events tail` does the same', client: '`tail` does the same', command: '', method: '' },
  listAgents: listed('agents'),
  getAgent: shown('agents', ({ agentId }) => agentId),
  listExecutions: listed('executions'),
  getExecution: shown('executions', ({ executionId }) => executionId),
  // No engine decides here: commands are taken, and what would be decided is not there.
  createAgent: {
    cli: () => ['agents', 'create', '--name', 'Op'],
    command: 'agents create',
    client: (client) => client.agents.create({ name: 'Op' }),
    method: 'agents.create',
  },
  validateAgent: {
    cli: () => ['agents', 'validate', nobody],
    command: 'agents validate',
    client: (client) => client.agents.validate(nobody),
    method: 'agents.validate',
  },
  executeAgent: {
    cli: () => ['agents', 'execute', nobody, '--text', 'hello'],
    command: 'agents execute',
    client: (client) => client.agents.execute(nobody, { input_data: 'hello' }),
    method: 'agents.execute',
  },
  terminateAgent: {
    cli: () => ['agents', 'terminate', nobody, '--reason', 'a test'],
    command: 'agents terminate',
    client: (client) => client.agents.terminate(nobody),
    method: 'agents.terminate',
  },
  deleteAgent: {
    cli: () => ['agents', 'delete', nobody],
    command: 'agents delete',
    client: (client) => client.agents.delete(nobody),
    method: 'agents.delete',
  },
  getAgentHistory: {
    cli: () => ['agents', 'history', nobody],
    command: 'agents history',
    client: (client) => client.agents.history(nobody),
    method: 'agents.history',
    isAbsent: 'AGENT_NOT_FOUND',
  },
  getAgentState: {
    cli: () => ['agents', 'state', nobody, '--at-version', '1'],
    command: 'agents state',
    client: (client) => client.agents.state(nobody, { version: '1' }),
    method: 'agents.state',
    isAbsent: 'AGENT_NOT_FOUND',
  },
  getSession: {
    cli: () => ['agents', 'memory', 'show', nobody, 's-1'],
    command: 'agents memory show',
    client: (client) => client.agents.session(nobody, 's-1'),
    method: 'agents.session',
    isAbsent: 'AGENT_NOT_FOUND',
  },
  getPayload: {
    cli: () => ['payloads', 'get', 'f'.repeat(64)],
    command: 'payloads get',
    client: (client) => client.payloads.get('f'.repeat(64)),
    method: 'payloads.get, payloads.whole',
    isAbsent: 'PAYLOAD_NOT_FOUND',
  },
  writeMemory: {
    cli: () => ['agents', 'memory', 'write', nobody, 's-1', 'data/op', '1'],
    command: 'agents memory write',
    client: (client) => client.agents.remember(nobody, 's-1', { area: 'data', key: 'op', value: 1 }),
    method: 'agents.remember',
  },
  forgetMemory: {
    cli: () => ['agents', 'memory', 'forget', nobody, 's-1', 'data/op'],
    command: 'agents memory forget',
    client: (client) => client.agents.forget(nobody, 's-1', { area: 'data', key: 'op' }),
    method: 'agents.forget',
  },
  cancelExecution: {
    cli: () => ['executions', 'cancel', 'e-1', '--agent', nobody],
    command: 'executions cancel',
    client: (client) => client.executions.cancel('e-1', { agent_id: nobody }),
    method: 'executions.cancel',
  },
  retryExecution: {
    cli: () => ['executions', 'retry', 'e-1', '--agent', nobody],
    command: 'executions retry',
    client: (client) => client.executions.retry('e-1', { agent_id: nobody }),
    method: 'executions.retry',
  },
  settleIncident: {
    cli: () => ['executions', 'settle', 'e-1', 'i-1', '--as', 'failed', '--agent', nobody],
    command: 'executions settle',
    client: (client) => client.executions.settle('e-1', 'i-1', { resolution: 'failed', agent_id: nobody }),
    method: 'executions.settle',
  },
  getExecutionHistory: {
    cli: () => ['executions', 'history', 'e-1', '--agent', nobody],
    command: 'executions history',
    client: (client) => client.executions.history('e-1', { agentId: nobody }),
    method: 'executions.history',
    isAbsent: 'EXECUTION_NOT_FOUND',
  },
  getExecutionState: {
    cli: () => ['executions', 'state', 'e-1', '--agent', nobody],
    command: 'executions state',
    client: (client) => client.executions.state('e-1', { agentId: nobody }),
    method: 'executions.state',
    isAbsent: 'EXECUTION_NOT_FOUND',
  },
  getCommand: {
    cli: () => ['commands', 'show', 'c-1'],
    command: 'commands show',
    client: (client) => client.commands.get('c-1'),
    method: 'commands.get',
    isAbsent: true,
  },
  registerTools: {
    cli: 'a process of yours does it: `worker.tool` of the client',
    client: (client) => client.tools.register([{ name: 'op_tool' }]),
    method: 'tools.register, worker().tool',
  },
  listTools: {
    cli: () => ['tools', 'list'],
    command: 'tools list',
    client: (client) => client.tools.list(),
    method: 'tools.list',
  },
  startRun: {
    cli: () => ['runs', 'start', 'workflow-of-nobody', '--key', 'k-1'],
    command: 'runs start',
    client: (client) => client.runs.start('workflow-of-nobody'),
    method: 'runs.start',
    isAbsent: true,
  },
  // Commands are taken also where nobody is there to decide them yet.
  signalRun: {
    cli: () => ['runs', 'signal', 'r-1', 'payment'],
    command: 'runs signal',
    client: (client) => client.runs.signal('r-1', { name: 'payment' }),
    method: 'runs.signal',
  },
  pauseRun: {
    cli: () => ['runs', 'pause', 'r-1'],
    command: 'runs pause',
    client: (client) => client.runs.pause('r-1'),
    method: 'runs.pause',
  },
  resumeRun: {
    cli: () => ['runs', 'resume', 'r-1'],
    command: 'runs resume',
    client: (client) => client.runs.resume('r-1'),
    method: 'runs.resume',
  },
  cancelRun: {
    cli: () => ['runs', 'cancel', 'r-1'],
    command: 'runs cancel',
    client: (client) => client.runs.cancel('r-1'),
    method: 'runs.cancel',
  },
  retryRun: {
    cli: () => ['runs', 'retry', 'r-1'],
    command: 'runs retry',
    client: (client) => client.runs.retry('r-1'),
    method: 'runs.retry',
  },
  forkRun: {
    cli: () => ['runs', 'fork', 'r-1'],
    command: 'runs fork',
    client: (client) => client.runs.fork('r-1'),
    method: 'runs.fork',
    isAbsent: 'RUN_NOT_FOUND',
  },
  getRunHistory: {
    cli: () => ['runs', 'history', 'r-1'],
    command: 'runs history',
    client: (client) => client.runs.history('r-1'),
    method: 'runs.history',
    isAbsent: 'RUN_NOT_FOUND',
  },
  getRunPlan: {
    cli: () => ['runs', 'plan', 'r-1'],
    command: 'runs plan',
    client: (client) => client.runs.plan('r-1'),
    method: 'runs.plan',
    isAbsent: 'RUN_NOT_FOUND',
  },
  getRunReport: {
    cli: () => ['runs', 'report', 'r-1'],
    command: 'runs report',
    client: (client) => client.runs.report('r-1'),
    method: 'runs.report',
    isAbsent: 'RUN_NOT_FOUND',
  },
  claimTask: {
    cli: () => ['tasks', 'claim', 't-1', '--user', 'ada'],
    command: 'tasks claim',
    client: (client) => client.tasks.claim('t-1', { user_id: 'ada' }),
    method: 'tasks.claim',
    isAbsent: true,
  },
  decideTask: {
    cli: () => ['tasks', 'decide', 't-1', 'approved', '--user', 'ada'],
    command: 'tasks decide',
    client: (client) => client.tasks.decide('t-1', { user_id: 'ada', decision: 'approved' }),
    method: 'tasks.decide',
    isAbsent: true,
  },
  pollSteps: {
    cli: byStepWorkers,
    client: (client) => client.steps.poll({ tools: ['op_tool'], wait_ms: 0 }),
    method: 'steps.poll',
  },
  beatStep: {
    cli: byStepWorkers,
    client: (client) => client.steps.beat(stepLease),
    method: 'steps.beat',
    isAbsent: 'LEASE_LOST',
  },
  recordStep: {
    cli: byStepWorkers,
    client: (client) => client.steps.answer(stepLease, { output: null }),
    method: 'steps.answer',
    isAbsent: 'LEASE_LOST',
  },
  recordSteps: {
    cli: byStepWorkers,
    client: (client) => client.steps.answerAll([{ ...stepLease, output: null }]),
    method: 'steps.answerAll, stepWorker().run',
  },
  pollWork: {
    cli: byWorkers,
    client: (client) => client.tools.poll({ tools: ['op_tool'], wait_ms: 0 }),
    method: 'tools.poll, worker().run',
  },
  beatWork: {
    cli: byWorkers,
    client: (client) => client.tools.beat(lease),
    method: 'tools.beat, worker().run',
    isAbsent: 'LEASE_LOST',
  },
  recordWork: {
    cli: byWorkers,
    client: (client) => client.tools.answer(lease, { output_data: null }),
    method: 'tools.answer, worker().run',
    isAbsent: 'LEASE_LOST',
  },
  removeTool: {
    cli: () => ['tools', 'remove', 'tool_of_nobody'],
    command: 'tools remove',
    client: (client) => client.tools.remove('tool_of_nobody'),
    method: 'tools.remove',
    isAbsent: true,
  },
  listRuns: listed('runs'),
  getRun: shown('runs', ({ runId }) => runId),
  listRunSteps: {
    cli: ({ runId }) => ['runs', 'steps', runId],
    command: 'runs steps',
    client: (client, { runId }) => first(client.runSteps(runId).pages()),
    method: 'runSteps',
  },
  listSteps: listed('steps'),
  listTasks: listed('tasks'),
  getTask: shown('tasks', ({ taskId }) => taskId),
  askModel: {
    cli: () => ['inference', 'ask', 'hello', '--model', 'simulated', '--no-wait'],
    command: 'inference ask',
    client: (client) => client.inference.ask({ model: 'simulated', input_data: { messages: [{ role: 'user' }] } }),
    method: 'inference.ask',
  },
  listInferenceRequests: {
    cli: () => ['inference', 'list', '-n', '1'],
    command: 'inference list',
    client: (client) => first(client.inference.list({ limit: 1 }).pages()),
    method: 'inference.list',
  },
  getInferenceRequest: {
    cli: () => ['inference', 'show', noRequest],
    command: 'inference show',
    client: (client) => client.inference.get(noRequest),
    method: 'inference.get',
    isAbsent: true,
  },
  cancelInferenceRequest: {
    cli: () => ['inference', 'cancel', noRequest],
    command: 'inference cancel',
    client: (client) => client.inference.cancel(noRequest),
    method: 'inference.cancel',
    isAbsent: true,
  },
  streamInferenceRequest: {
    cli: () => ['inference', 'follow', noRequest],
    command: 'inference follow',
    client: (client) => first(client.inference.follow(noRequest)),
    method: 'inference.follow',
    isAbsent: true,
  },
  createChatCompletion: { cli: '`inference ask` does the same', client: byOpenAi },
  createCompletion: { cli: '`inference ask --operation completion` does the same', client: byOpenAi },
  createEmbedding: { cli: '`inference ask --operation embedding` does the same', client: byOpenAi },
  listModels: {
    cli: () => ['inference', 'models'],
    command: 'inference models',
    client: (client) => client.inference.models(),
    method: 'inference.models',
  },
  retrieveModel: {
    cli: '`inference models NAME` shows it',
    client: byOpenAi,
  },
  getUsage: { cli: () => ['usage'], command: 'usage', client: (client) => client.usage(), method: 'usage' },
  getMetricsSummary: {
    cli: () => ['metrics'],
    command: 'metrics',
    client: (client) => client.metricsSummary(),
    method: 'metricsSummary',
  },
  getSystem: { cli: () => ['system'], command: 'system', client: (client) => client.system(), method: 'system' },
  listTopics: {
    cli: () => ['topics', 'list', '--gateway'],
    command: 'topics list --gateway',
    client: (client) => client.topics.list(),
    method: 'topics.list',
  },
  getTopic: {
    cli: () => ['topics', 'show', 'agent.events'],
    command: 'topics show',
    client: (client) => client.topics.get('agent.events'),
    method: 'topics.get',
  },
  listSchemas: {
    cli: () => ['schemas', 'list', '--gateway'],
    command: 'schemas list --gateway',
    client: (client) => client.schemas.list(),
    method: 'schemas.list',
  },
  putExternalType: {
    cli: ({ externalType, folder }) => ['schemas', 'register', externalType, '--avro', `${folder}/type.avsc`],
    command: 'schemas register TYPE',
    client: (client, { externalType }) => client.schemas.register(externalType, { avro: record }, { dryRun: true }),
    method: 'schemas.register',
  },
  getSchema: {
    cli: ({ externalType }) => ['schemas', 'show', externalType],
    command: 'schemas show',
    client: (client) => client.schemas.get('agent.executed'),
    method: 'schemas.get',
  },
  applyWorkflow: {
    cli: ({ folder }) => ['workflows', 'apply', `${folder}/workflow.yaml`],
    command: 'workflows apply',
    client: (client) => client.workflows.apply(workflow),
    method: 'workflows.apply',
  },
  listWorkflows: {
    cli: () => ['workflows', 'list'],
    command: 'workflows list',
    client: (client) => client.workflows.list(),
    method: 'workflows.list',
  },
  getWorkflow: {
    cli: () => ['workflows', 'show', 'op'],
    command: 'workflows show',
    client: (client) => client.workflows.get('op'),
    method: 'workflows.get',
  },
  listWorkflowVersions: {
    cli: () => ['workflows', 'versions', 'op'],
    command: 'workflows versions',
    client: (client) => client.workflows.versions('op'),
    method: 'workflows.versions',
  },
  getWorkflowVersion: {
    cli: () => ['workflows', 'show', 'op', '--version-number', '1'],
    command: 'workflows show --version-number',
    client: (client) => client.workflows.get('op', { version: 1 }),
    method: 'workflows.get',
  },
  exportWorkflowVersion: {
    cli: () => ['workflows', 'export', 'op'],
    command: 'workflows export',
    client: (client) => client.workflows.export('op'),
    method: 'workflows.export',
  },
  createSchedule: {
    cli: () => ['schedules', 'create', 'op', '--id', 'op-1', '--cron', '@daily'],
    command: 'schedules create',
    client: (client) => client.schedules.create({ workflow_name: 'op', cron: '@daily', schedule_id: 'op-1' }),
    method: 'schedules.create',
  },
  changeSchedule: {
    cli: () => ['schedules', 'change', 'op-1', 'op', '--cron', '@hourly'],
    command: 'schedules change',
    client: (client) => client.schedules.change('op-1', { workflow_name: 'op', cron: '@hourly' }),
    method: 'schedules.change',
  },
  pauseSchedule: {
    cli: () => ['schedules', 'pause', 'op-1'],
    command: 'schedules pause',
    client: (client) => client.schedules.pause('op-1'),
    method: 'schedules.pause',
  },
  resumeSchedule: {
    cli: () => ['schedules', 'resume', 'op-1'],
    command: 'schedules resume',
    client: (client) => client.schedules.resume('op-1'),
    method: 'schedules.resume',
  },
  deleteSchedule: {
    cli: () => ['schedules', 'delete', 'op-1'],
    command: 'schedules delete',
    client: (client) => client.schedules.delete('op-1'),
    method: 'schedules.delete',
  },
  previewSchedule: {
    cli: () => ['schedules', 'preview', '@daily'],
    command: 'schedules preview',
    client: (client) => client.schedules.preview({ cron: '@daily' }),
    method: 'schedules.preview',
  },
  // No engine decides here: the schedule is not there.
  listSchedules: listed('schedules'),
  getSchedule: { ...shown('schedules', () => 'op-1'), isAbsent: true },
  listNextFires: {
    cli: () => ['schedules', 'next', 'op-1'],
    command: 'schedules next',
    client: (client) => client.schedules.next('op-1'),
    method: 'schedules.next',
    isAbsent: true,
  },
  createRunJob: {
    cli: () => ['run-jobs', 'start', 'cancel', '--where', 'workflow_name=of-nobody'],
    command: 'run-jobs start',
    client: (client) => client.runJobs.create({ action: 'resume', where: { workflow_name: 'of-nobody' } }),
    method: 'runJobs.create',
  },
  listRunJobs: {
    cli: () => ['run-jobs', 'list'],
    command: 'run-jobs list',
    client: (client) => client.runJobs.list(),
    method: 'runJobs.list',
  },
  getRunJob: {
    cli: () => ['run-jobs', 'show', 'job-of-nobody'],
    command: 'run-jobs show',
    client: (client) => client.runJobs.get('job-of-nobody'),
    method: 'runJobs.get',
    isAbsent: true,
  },
  cancelRunJob: {
    cli: () => ['run-jobs', 'cancel', 'job-of-nobody'],
    command: 'run-jobs cancel',
    client: (client) => client.runJobs.cancel('job-of-nobody'),
    method: 'runJobs.cancel',
    isAbsent: true,
  },
  createTrigger: {
    cli: () => ['triggers', 'create', 'op', '--id', 'op-cli'],
    command: 'triggers create',
    client: (client) => client.triggers.create({ kind: 'http', workflow_name: 'op', trigger_id: 'op-1' }),
    method: 'triggers.create',
  },
  listTriggers: {
    cli: () => ['triggers', 'list'],
    command: 'triggers list',
    client: (client) => client.triggers.list(),
    method: 'triggers.list',
  },
  getTrigger: {
    cli: () => ['triggers', 'show', 'op-cli'],
    command: 'triggers show',
    client: (client) => client.triggers.get('op-1'),
    method: 'triggers.get',
  },
  pauseTrigger: {
    cli: () => ['triggers', 'pause', 'op-cli'],
    command: 'triggers pause',
    client: (client) => client.triggers.pause('op-1'),
    method: 'triggers.pause',
  },
  resumeTrigger: {
    cli: () => ['triggers', 'resume', 'op-cli'],
    command: 'triggers resume',
    client: (client) => client.triggers.resume('op-1'),
    method: 'triggers.resume',
  },
  deleteTrigger: {
    cli: () => ['triggers', 'delete', 'op-cli'],
    command: 'triggers delete',
    client: (client) => client.triggers.delete('op-1'),
    method: 'triggers.delete',
  },
  fireHook: { cli: 'for other systems: POST to the address', client: 'for other systems: POST to the address' },
  archiveWorkflow: {
    cli: () => ['workflows', 'archive', 'op'],
    command: 'workflows archive',
    client: (client) => client.workflows.archive('op'),
    method: 'workflows.archive',
  },
  listDeadLetters: {
    cli: () => ['dead-letters', 'list'],
    command: 'dead-letters list',
    client: (client) => first(client.deadLetters.list().pages()),
    method: 'deadLetters.list',
  },
  getDeadLetter: {
    cli: () => ['dead-letters', 'show', '-t', 'external.webhook', '-g', 'spec', '-p', '0', '-o', '0'],
    command: 'dead-letters show',
    client: (client) => client.deadLetters.get(deadLetter),
    method: 'deadLetters.get',
    isAbsent: true,
  },
  redriveDeadLetters: {
    cli: () => ['dead-letters', 'redrive', '-t', 'external.webhook', '-g', 'spec', '--dry-run'],
    command: 'dead-letters redrive',
    client: (client) => client.deadLetters.redrive({ items: [deadLetter], dry_run: true }),
    method: 'deadLetters.redrive',
  },
  listProjections: {
    cli: () => ['projections', 'list'],
    command: 'projections list',
    client: (client) => client.projections(),
    method: 'projections',
  },
  listParked: {
    cli: () => ['parked', 'list', 'agents'],
    command: 'parked list',
    client: (client) => client.parked.list('agents'),
    method: 'parked.list',
  },
  getParked: {
    cli: () => ['parked', 'show', 'agents', parkedId],
    command: 'parked show',
    client: (client) => client.parked.get('agents', parkedId),
    method: 'parked.get',
    isAbsent: true,
  },
  retryParked: {
    cli: () => ['parked', 'retry', 'agents', parkedId],
    command: 'parked retry',
    client: (client) => client.parked.retry('agents', parkedId),
    method: 'parked.retry',
    isAbsent: true,
  },
  retryAllParked: {
    cli: () => ['parked', 'retry', 'agents', '--all'],
    command: 'parked retry --all',
    client: (client) => client.parked.retryAll('agents'),
    method: 'parked.retryAll',
  },
  discardParked: {
    cli: () => ['parked', 'discard', 'agents', parkedId, '--reason', 'a test'],
    command: 'parked discard',
    client: (client) => client.parked.discard('agents', parkedId, { reason: 'a test' }),
    method: 'parked.discard',
    isAbsent: true,
  },
  startRebuild: {
    cli: () => ['projections', 'rebuild', 'agents', '--manual', '--detach'],
    command: 'projections rebuild',
    client: (client) => client.rebuilds.start('tasks', { swap: 'manual' }),
    method: 'rebuilds.start',
  },
  getRebuild: {
    cli: () => ['projections', 'status', 'agents'],
    command: 'projections status',
    client: (client) => client.rebuilds.get('tasks'),
    method: 'rebuilds.get',
  },
  actOnRebuild: {
    cli: () => ['projections', 'cancel', 'agents'],
    command: 'projections cancel, resume, swap, swap-back, drop-old',
    client: (client) => client.rebuilds.act('tasks', 'cancel'),
    method: 'rebuilds.act',
  },
  createKey: {
    cli: () => ['keys', 'create', 'specs', '--scope', 'events:read'],
    command: 'keys create',
    client: (client) => client.keys.create({ name: 'specs', role: 'viewer' }),
    method: 'keys.create',
  },
  listKeys: {
    cli: () => ['keys', 'list'],
    command: 'keys list',
    client: (client) => client.keys.list(),
    method: 'keys.list',
  },
  showKey: {
    cli: ({ keyId }) => ['keys', 'show', keyId],
    command: 'keys show',
    client: (client, { keyId }) => client.keys.get(keyId),
    method: 'keys.get',
  },
  revokeKey: {
    cli: ({ keyId }) => ['keys', 'revoke', keyId, '--yes'],
    command: 'keys revoke',
    client: (client, { keyId }) => client.keys.revoke(keyId),
    method: 'keys.revoke',
  },
  showOwnTenant: {
    cli: () => ['tenants', 'own'],
    command: 'tenants own',
    client: (client) => client.tenants.own(),
    method: 'tenants.own',
  },
  createTenant: {
    cli: () => ['tenants', 'create', 'acme'],
    command: 'tenants create',
    client: (client) => client.tenants.create({ tenant_id: 'globex', name: 'Globex' }),
    method: 'tenants.create',
  },
  listTenants: {
    cli: () => ['tenants', 'list'],
    command: 'tenants list',
    client: (client) => client.tenants.list(),
    method: 'tenants.list',
  },
  showTenant: {
    cli: () => ['tenants', 'show', 'acme'],
    command: 'tenants show',
    client: (client) => client.tenants.get('acme'),
    method: 'tenants.get',
  },
  changeTenant: {
    cli: () => ['tenants', 'change', 'acme', '--events-per-day', '1000'],
    command: 'tenants change',
    client: (client) => client.tenants.change('acme', { events_per_day: null }),
    method: 'tenants.change',
  },
  livez: { cli: '`doctor` asks `/readyz`', client: 'for load balancers' },
  readyz: { cli: () => ['doctor'], command: 'doctor', client: 'for load balancers' },
  openapi: { cli: aDocument, client: aDocument },
  asyncapi: { cli: aDocument, client: aDocument },
  reference: { cli: forBrowsers, client: forBrowsers },
  referenceAsset: { cli: forBrowsers, client: forBrowsers },
};

type Model = 'agents' | 'executions' | 'runs' | 'steps' | 'tasks' | 'schedules';

function listed(model: Model): Surface {
  return {
    cli: () => [model, 'list'],
    command: `${model} list`,
    client: (client) => first(client.list(model, { limit: 1 }).pages()),
    method: `list('${model}')`,
  };
}

function shown(model: Exclude<Model, 'steps'>, idOf: (known: Known) => string): Surface {
  return {
    cli: (known) => [model, 'show', idOf(known)],
    command: `${model} show`,
    client: (client, known) => client.get(model, idOf(known)),
    method: `get('${model}')`,
  };
}

async function first<Item>(items: AsyncIterable<Item>): Promise<Item> {
  for await (const item of items) return item;
  throw new Error('There was nothing');
}
