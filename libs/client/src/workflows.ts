import type { CallOptions } from './access.js';
import type {
  WorkflowApplied,
  WorkflowDefinition,
  WorkflowExport,
  WorkflowList,
  WorkflowSummary,
} from './generated/answers.js';
import type { Http } from './http.js';

export interface ApplyWorkflowOptions extends CallOptions {
  /** Checks everything and changes nothing. */
  readonly dryRun?: boolean | undefined;
}

/** `client.workflows`: definitions of workflows. Needs the scope `workflows:read`, or `workflows:write` to change them. */
export class WorkflowsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /**
   * Stores a definition, or a new version of it. The same as the newest one changes nothing.
   *
   * @param definition YAML or JSON text, a CNCF Serverless Workflow among them; or the document itself.
   * @throws ProblemError `INVALID_WORKFLOW`: `errors` has line, column and pointer of everything that is wrong.
   */
  async apply(definition: string | object, options: ApplyWorkflowOptions = {}): Promise<WorkflowApplied> {
    const { signal } = options;
    const isText = typeof definition === 'string';
    return (await this.#http.json({
      method: 'POST',
      path: '/v1/workflows',
      query: { dry_run: options.dryRun === true ? 'true' : undefined },
      headers: { 'content-type': isText ? 'application/yaml' : 'application/json' },
      body: isText ? definition : JSON.stringify(definition),
      signal,
    })) as WorkflowApplied;
  }

  /** The newest version of each. @param options `archived`: those that were archived too. */
  async list(options: CallOptions & { readonly archived?: boolean } = {}): Promise<readonly WorkflowSummary[]> {
    const query = { archived: options.archived === true ? 'true' : undefined };
    const { signal } = options;
    return ((await this.#http.json({ method: 'GET', path: '/v1/workflows', query, signal })) as WorkflowList).items;
  }

  /** @param options `version`: left out, the newest. */
  async get(
    name: string,
    options: CallOptions & { readonly version?: number | undefined } = {},
  ): Promise<WorkflowDefinition> {
    const { version, signal } = options;
    const path = version === undefined ? pathOf(name) : versionPath(name, version);
    return (await this.#http.json({ method: 'GET', path, signal })) as WorkflowDefinition;
  }

  /** Newest first. */
  async versions(name: string, options: CallOptions = {}): Promise<readonly WorkflowSummary[]> {
    const path = `${pathOf(name)}/versions`;
    return ((await this.#http.json({ method: 'GET', path, ...options })) as WorkflowList).items;
  }

  /** A version as a text to be kept elsewhere. @param options `format`: `yaml` where nothing is said. */
  async export(
    name: string,
    options: CallOptions & {
      readonly version?: number | undefined;
      readonly format?: WorkflowExport['format'] | undefined;
    } = {},
  ): Promise<string> {
    const { version = 'latest', format, signal } = options;
    const path = `${versionPath(name, version)}/export`;
    return ((await this.#http.json({ method: 'GET', path, query: { format }, signal })) as WorkflowExport).text;
  }

  /** No run is started of it any more; those that run go on. */
  async archive(name: string, options: CallOptions = {}): Promise<void> {
    await this.#http.json({ method: 'DELETE', path: pathOf(name), ...options });
  }
}

function pathOf(name: string): string {
  return `/v1/workflows/${encodeURIComponent(name)}`;
}

function versionPath(name: string, version: number | 'latest'): string {
  return `${pathOf(name)}/versions/${version}`;
}
