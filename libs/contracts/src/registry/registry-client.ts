import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { SchemaRegistry, SchemaType, COMPATIBILITY } from '@kafkajs/confluent-schema-registry';
import type { JsonValue } from '@chorda/kernel';
import { RegistryRefusedError, RegistryUnavailableError, SchemaNotFoundError } from '../codec/errors.js';
import { isAvroObject, isList, type AvroJson } from '../schema/avro.js';

export interface RegistryConnection {
  /** Where the Confluent API begins, e.g. `http://127.0.0.1:8080/apis/ccompat/v7`. */
  readonly registryUrl: string;
  readonly username?: string;
  readonly password?: string;
  /** Certificate authority that the registry's certificate is checked against, as PEM. */
  readonly caPem?: string;
  /** How long one request may take. Default 5 s. */
  readonly timeoutMs?: number;
}

/** The part of the Confluent API that every registry has: nothing else is used. */
export class RegistryClient {
  private readonly url: URL;
  private readonly timeoutMs: number;
  private readonly agent: HttpAgent | HttpsAgent;
  private readonly registry: SchemaRegistry;
  private readonly authorization: string | undefined;

  constructor(connection: RegistryConnection) {
    this.url = new URL(connection.registryUrl.replace(/\/*$/, '/'));
    this.timeoutMs = connection.timeoutMs ?? 5_000;
    const secure = this.url.protocol === 'https:';
    const ca = connection.caPem === undefined ? {} : { ca: connection.caPem };
    const keep = { keepAlive: true, maxSockets: 8, timeout: this.timeoutMs };
    this.agent = secure ? new HttpsAgent({ ...keep, ...ca }) : new HttpAgent(keep);
    const { username, password } = connection;
    const auth = username === undefined ? undefined : { username, password: password ?? '' };
    this.authorization = auth && `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
    this.registry = new SchemaRegistry({
      host: this.url.href.replace(/\/$/, ''),
      agent: this.agent,
      // Its retry settings are shared by every instance of the process; our callers decide about retries.
      retry: { retries: 0 },
      ...(auth ? { auth } : {}),
    });
  }

  /**
   * The id of this very schema under a subject. Asked by ourselves: the library reports a refused connection and a
   * missing schema both as an answer, 400 and a message without status.
   *
   * @throws {@link SchemaNotFoundError} when the subject has no such version.
   */
  async idOf(subject: string, avro: AvroJson): Promise<number> {
    const body = await this.call('POST', `subjects/${encodeURIComponent(subject)}`, { schema: JSON.stringify(avro) });
    const id = isAvroObject(body) ? body['id'] : undefined;
    if (typeof id === 'number') return id;
    throw new RegistryUnavailableError(`Registry: schema of ${subject}: an answer without an id`);
  }

  /**
   * Adds a version to a subject whose compatibility is FULL_TRANSITIVE already; answers its id.
   *
   * The library takes the schema only then: where the level differs it throws, and for a new subject it would set its
   * own level after the schema is in. So the level is always set first, by `requireFullTransitive`.
   */
  async register(subject: string, avro: AvroJson): Promise<number> {
    const { id } = await this.ask(`schema of ${subject}`, () =>
      this.registry.register(
        { type: SchemaType.AVRO, schema: JSON.stringify(avro) },
        { subject, compatibility: COMPATIBILITY.FULL_TRANSITIVE },
      ),
    );
    return id;
  }

  /** Whether the subject itself has this level. */
  async isFullTransitive(subject: string): Promise<boolean> {
    try {
      const body = await this.call('GET', `config/${encodeURIComponent(subject)}`);
      return isAvroObject(body) && body['compatibilityLevel'] === 'FULL_TRANSITIVE';
    } catch (error) {
      // A subject without a level of its own has the registry's.
      if (error instanceof SchemaNotFoundError) return false;
      throw error;
    }
  }

  /** The library can set a level only after it has registered a schema, so this request is our own. */
  async requireFullTransitive(subject: string): Promise<void> {
    const put = () => this.call('PUT', `config/${encodeURIComponent(subject)}`, { compatibility: 'FULL_TRANSITIVE' });
    await put().catch((error: unknown) => {
      // Of two that set it at once Apicurio answers one with 409, "rule already exists": asked again, it changes that.
      if (error instanceof RegistryRefusedError) return put();
      throw error;
    });
  }

  /** The schema of an id, as its text says it: the library gives avsc's type, which has lost what avsc does not know. */
  async schemaOfId(id: number): Promise<AvroJson> {
    const body = await this.call('GET', `schemas/ids/${id}`);
    const text = isAvroObject(body) ? body['schema'] : undefined;
    const type = isAvroObject(body) ? (body['schemaType'] ?? 'AVRO') : undefined;
    if (typeof text !== 'string' || type !== 'AVRO') throw new SchemaNotFoundError(`Schema id ${id} is no Avro schema`);
    try {
      const avro: AvroJson = JSON.parse(text);
      return avro;
    } catch (error) {
      throw new SchemaNotFoundError(`Schema id ${id} is no Avro schema`, { cause: error });
    }
  }

  async subjects(): Promise<readonly string[]> {
    const body = await this.call('GET', 'subjects');
    return isList(body) ? body.filter((subject) => typeof subject === 'string') : [];
  }

  close(): void {
    this.agent.destroy();
  }

  private async ask<Answer>(what: string, question: () => Promise<Answer>): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    // The library has no time limit of its own, and a registry that hangs must not hang a start.
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${this.timeoutMs} ms`)), this.timeoutMs);
    });
    try {
      return await Promise.race([question(), limit]);
    } catch (error) {
      throw registryError(what, statusOf(error), messageOf(error), error);
    } finally {
      clearTimeout(timer);
    }
  }

  private async call(method: string, path: string, body?: JsonValue): Promise<JsonValue> {
    const what = `${method} ${path}`;
    const answer = await this.send(method, path, body).catch((error: unknown) => {
      throw registryError(what, undefined, messageOf(error), error);
    });
    if (answer.status < 300) return answer.body;
    const message = isAvroObject(answer.body) ? String(answer.body['message'] ?? '') : '';
    throw registryError(what, answer.status, message, undefined);
  }

  /** `fetch` takes no certificate authority of its own, so this is `node:https`. */
  private send(method: string, path: string, body?: JsonValue): Promise<{ status: number; body: JsonValue }> {
    const url = new URL(path, this.url);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const signal = AbortSignal.timeout(this.timeoutMs);
    const headers = {
      accept: 'application/vnd.schemaregistry.v1+json',
      ...(body === undefined ? {} : { 'content-type': 'application/vnd.schemaregistry.v1+json' }),
      ...(this.authorization ? { authorization: this.authorization } : {}),
    };
    return new Promise((resolve, reject) => {
      const request = send(url, { method, agent: this.agent, headers, signal }, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > answerBytesMax) request.destroy(new Error(`answer of more than ${answerBytesMax} bytes`));
          chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks)) }));
      });
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

const answerBytesMax = 4 * 1024 * 1024;

function parsed(bytes: Buffer): JsonValue {
  try {
    const body: JsonValue = JSON.parse(bytes.toString('utf8'));
    return body;
  } catch {
    // A proxy in between answers with HTML; the status says what is wrong.
    return null;
  }
}

function registryError(what: string, status: number | undefined, message: string, cause: unknown): Error {
  const text = `Registry: ${what}: ${status ?? 'no answer'} ${message}`.trim();
  if (status === 404) return new SchemaNotFoundError(text, { cause });
  if (status !== undefined && status >= 400 && status < 500 && status !== 429 && status !== 408) {
    return new RegistryRefusedError(text, status, { cause });
  }
  return new RegistryUnavailableError(text, { cause });
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  // The library says 400 where no connection was made; registries say 422 for what they cannot take.
  return error.status === 400 ? undefined : error.status;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
