import type { CallOptions } from './access.js';
import type { NewRunJob, RunJob, RunJobList } from './generated/answers.js';
import type { Http } from './http.js';
import { newId } from './new-id.js';

/** `client.runJobs`: the same told to all runs of a query. Needs the scope `workflows:write`; what reads, `workflows:read`. */
export class RunJobsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The same key is the same job. */
  async create(
    job: NewRunJob,
    { idempotencyKey = newId(), signal }: CallOptions & { readonly idempotencyKey?: string } = {},
  ): Promise<RunJob> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
    const body = JSON.stringify(job);
    return (await this.#http.json({ method: 'POST', path: '/v1/run-jobs', headers, body, signal })) as RunJob;
  }

  /** Newest first. */
  async list({ signal }: CallOptions = {}): Promise<readonly RunJob[]> {
    return ((await this.#http.json({ method: 'GET', path: '/v1/run-jobs', signal })) as RunJobList).items;
  }

  async get(jobId: string, { signal }: CallOptions = {}): Promise<RunJob> {
    return (await this.#http.json({ method: 'GET', path: pathOf(jobId), signal })) as RunJob;
  }

  /** What it told before stays told. */
  async cancel(jobId: string, { signal }: CallOptions = {}): Promise<RunJob> {
    return (await this.#http.json({ method: 'POST', path: `${pathOf(jobId)}/cancel`, signal })) as RunJob;
  }
}

const pathOf = (id: string) => `/v1/run-jobs/${encodeURIComponent(id)}`;
