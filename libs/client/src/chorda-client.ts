import type { EventType } from '@chorda/contracts';
import { KeysApi, TenantsApi } from './access.js';
import { AgentsApi, CommandsApi, ExecutionsApi } from './agents.js';
import { retryDefaults, type RetryOptions } from './backoff.js';
import { InvalidCallError } from './errors.js';
import { EventsApi } from './events.js';
import type { MetricsSummary, Step, StoryEvent, Usage } from './generated/answers.js';
import { Http } from './http.js';
import { InferenceApi } from './inference.js';
import { RunsApi, StepsApi, TasksApi } from './runs.js';
import { RunJobsApi } from './run-jobs.js';
import { SchedulesApi } from './schedules.js';
import { TriggersApi } from './triggers.js';
import { DeadLettersApi, SchemasApi, TopicsApi } from './log.js';
import { ParkedApi } from './parked.js';
import { PayloadsApi } from './payloads.js';
import type { ProjectionStates } from './projections.js';
import { RebuildsApi } from './rebuilds.js';
import {
  listing,
  listPaths,
  readOne,
  type Listing,
  type ListItems,
  type ListName,
  type ListOptions,
  type ReadOneOptions,
  type UsageQuery,
} from './read-models.js';
import type { SystemState } from './system.js';
import { tail } from './tail.js';
import type { TailMessage, TailOptions } from './tail-connection.js';
import { ToolsApi } from './tools.js';
import { waitFor, type WaitOptions } from './wait-for.js';
import { StepWorker, type StepWorkerOptions } from './step-worker.js';
import { Worker, type WorkerOptions } from './worker.js';
import { WorkflowsApi } from './workflows.js';

export type StoryOptions = Pick<ListOptions, 'limit' | 'minPosition' | 'waitMs' | 'signal'>;

export interface ChordaClientOptions {
  /** Of the gateway, for example `http://127.0.0.1:4600`; a path before `/v1` is kept. */
  readonly url: string;
  /** An API key or a JWT; a function is asked before every request. */
  readonly apiKey?: (() => string | Promise<string>) | string | undefined;
  /** `source` of events that bring none. Default `urn:chorda:client`. */
  readonly source?: string | undefined;
  /** Default: the global one. */
  readonly fetch?: typeof fetch | undefined;
  /** For one try. Default 10 s. */
  readonly timeoutMs?: number | undefined;
  readonly retry?: RetryOptions | undefined;
}

/**
 * A gateway, for other systems. It needs `fetch` and nothing else, so it runs in Node and in a browser.
 *
 * Requests are tried again on 429, 502, 503, 504, a 409 that says "in flight", time-outs and lost connections, with
 * full jitter and as `Retry-After` asks, each time with the same ids: a repeat has no second effect.
 */
export class ChordaClient {
  readonly events: EventsApi;
  readonly agents: AgentsApi;
  readonly executions: ExecutionsApi;
  readonly commands: CommandsApi;
  readonly inference: InferenceApi;
  readonly runs: RunsApi;
  readonly tasks: TasksApi;
  readonly schedules: SchedulesApi;
  readonly runJobs: RunJobsApi;
  readonly triggers: TriggersApi;
  readonly steps: StepsApi;
  readonly tools: ToolsApi;
  readonly parked: ParkedApi;
  readonly payloads: PayloadsApi;
  readonly rebuilds: RebuildsApi;
  readonly keys: KeysApi;
  readonly tenants: TenantsApi;
  readonly topics: TopicsApi;
  readonly schemas: SchemasApi;
  readonly workflows: WorkflowsApi;
  readonly deadLetters: DeadLettersApi;
  readonly #http: Http;

  /** @throws {@link InvalidCallError} where `url` is no HTTP address. */
  constructor(options: ChordaClientOptions) {
    if (!/^https?:$/.test(protocolOf(options.url))) {
      throw new InvalidCallError(`The gateway's address must begin with http:// or https://`);
    }
    this.#http = new Http({
      url: options.url,
      apiKey: options.apiKey,
      // Called as a function of its own: a browser's fetch refuses to be a method of something else.
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      timeoutMs: options.timeoutMs ?? 10_000,
      retry: { ...retryDefaults, ...options.retry },
    });
    this.events = new EventsApi(this.#http, options.source ?? 'urn:chorda:client');
    this.agents = new AgentsApi(this.#http);
    this.executions = new ExecutionsApi(this.#http);
    this.commands = new CommandsApi(this.#http);
    this.inference = new InferenceApi(this.#http);
    this.runs = new RunsApi(this.#http);
    this.tasks = new TasksApi(this.#http);
    this.schedules = new SchedulesApi(this.#http);
    this.runJobs = new RunJobsApi(this.#http);
    this.triggers = new TriggersApi(this.#http);
    this.steps = new StepsApi(this.#http);
    this.tools = new ToolsApi(this.#http);
    this.parked = new ParkedApi(this.#http);
    this.payloads = new PayloadsApi(this.#http);
    this.rebuilds = new RebuildsApi(this.#http);
    this.keys = new KeysApi(this.#http);
    this.tenants = new TenantsApi(this.#http);
    this.topics = new TopicsApi(this.#http);
    this.schemas = new SchemasApi(this.#http);
    this.workflows = new WorkflowsApi(this.#http);
    this.deadLetters = new DeadLettersApi(this.#http);
  }

  /** Offers tools of this process to agents: `worker.tool(name, schema, fn)`, then `worker.run()`. */
  worker(options: WorkerOptions = {}): Worker {
    return new Worker(this.tools, this.#http.retry, options);
  }

  /** Does steps of runs in this process: `worker.tool(name, fn)`, then `worker.run()`. */
  stepWorker(options: StepWorkerOptions = {}): StepWorker {
    return new StepWorker(this.steps, this.#http.retry, options);
  }

  /** Events as they are written, for `for await`; see {@link TailMessage}. */
  tail<Type extends EventType = EventType>(options: TailOptions<Type> = {}): AsyncIterable<TailMessage<Type>> {
    return tail(this.#http, options);
  }

  /** The services that report about themselves, and how they are. */
  async system(options: { readonly signal?: AbortSignal } = {}): Promise<SystemState> {
    return (await this.#http.json({ method: 'GET', path: '/v1/system', signal: options.signal })) as SystemState;
  }

  /** Where every projection stands: what it has applied, how far it is behind the log, and why it stopped. */
  async projections(options: { readonly signal?: AbortSignal } = {}): Promise<ProjectionStates> {
    const request = { method: 'GET', path: '/v1/projections', signal: options.signal } as const;
    return (await this.#http.json(request)) as ProjectionStates;
  }

  /** Items of a read model, for `for await`, or page by page. */
  list<Name extends ListName>(name: Name, options: ListOptions = {}): Listing<ListItems[Name]> {
    return listing<ListItems[Name]>(this.#http, listPaths[name], options);
  }

  /** One item of a read model by its id, payloads included. */
  async get<Name extends Exclude<ListName, 'steps' | 'deadLetters'>>(
    name: Name,
    id: string,
    options: ReadOneOptions = {},
  ): Promise<ListItems[Name]> {
    return (await readOne(this.#http, `${listPaths[name]}/${encodeURIComponent(id)}`, options)) as ListItems[Name];
  }

  /** The steps of one run. */
  runSteps(runId: string, options: ListOptions = {}): Listing<Step> {
    return listing<Step>(this.#http, `${listPaths.runs}/${encodeURIComponent(runId)}/steps`, options);
  }

  /** Everything with one correlation id: causes before effects. */
  correlation(id: string, options: StoryOptions = {}): Listing<StoryEvent> {
    return listing<StoryEvent>(this.#http, `/v1/correlations/${encodeURIComponent(id)}/events`, options);
  }

  /** Model calls, tokens and cost, summed: decimal text, exact. */
  async usage(query: UsageQuery = {}, options: ReadOneOptions = {}): Promise<Usage> {
    const { groupBy, from, to, agentId, workflowId, provider, model, limit } = query;
    const time = (value: Date | string | undefined) => (value instanceof Date ? value.toISOString() : value);
    return (await readOne(this.#http, '/v1/usage', {
      ...options,
      query: {
        group_by: groupBy?.join(','),
        from: time(from),
        to: time(to),
        agent_id: agentId,
        workflow_id: workflowId,
        provider,
        model,
        limit,
      },
    })) as Usage;
  }

  /** Rates of the last minutes, shares of errors, services and projections. */
  async metricsSummary(minutes?: number, options: ReadOneOptions = {}): Promise<MetricsSummary> {
    const query = { minutes };
    return (await readOne(this.#http, '/v1/metrics/summary', { ...options, query })) as MetricsSummary;
  }

  /**
   * Waits until a read model has seen a write.
   *
   * @param position What the write answered with.
   * @param options `in`: which read model; default the journal. `timeoutMs`: default 30 s.
   * @throws {@link NotReachedError} where it has not by then; its `reason` says why.
   */
  async waitFor(position: string | readonly string[], options: WaitOptions = {}): Promise<void> {
    return waitFor(this.#http, position, options);
  }
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}
