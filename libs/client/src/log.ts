import type { CallOptions } from './access.js';
import type {
  DeadLetter,
  DeadLetterWhole,
  EventTypes,
  EventTypeSchema,
  EventTypeSummary,
  ExternalType,
  ExternalTypeSchema,
  Redrive,
  RedriveResult,
  Topic,
  Topics,
} from './generated/answers.js';
import { changeOf, type Http } from './http.js';
import { listing, listPaths, type Listing, type ListOptions } from './read-models.js';

/** `client.topics`: the topics as the brokers have them. */
export class TopicsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async list(options: CallOptions = {}): Promise<readonly Topic[]> {
    return ((await this.#http.json({ method: 'GET', path: '/v1/topics', ...options })) as Topics).items;
  }

  async get(name: string, options: CallOptions = {}): Promise<Topic> {
    const path = `/v1/topics/${encodeURIComponent(name)}`;
    return (await this.#http.json({ method: 'GET', path, ...options })) as Topic;
  }
}

/** `client.schemas`: the event types, and types of one's own. */
export class SchemasApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async list(options: CallOptions = {}): Promise<readonly EventTypeSummary[]> {
    return ((await this.#http.json({ method: 'GET', path: '/v1/schemas', ...options })) as EventTypes).items;
  }

  /** One event type with its Avro schemas. */
  async get(type: string, options: CallOptions = {}): Promise<EventTypeSchema> {
    return (await this.#http.json({ method: 'GET', path: pathOf(type), ...options })) as EventTypeSchema;
  }

  /**
   * Registers `external.<name>`, or a version of it that breaks no reader. The same schema again changes nothing.
   *
   * @param options `dryRun`: checks everything and changes nothing.
   */
  async register(
    type: string,
    schema: ExternalTypeSchema,
    options: CallOptions & { readonly dryRun?: boolean | undefined } = {},
  ): Promise<ExternalType> {
    const query = { dry_run: options.dryRun === true ? 'true' : undefined };
    return (await this.#http.json({ ...changeOf('PUT', pathOf(type), schema, options), query })) as ExternalType;
  }
}

export interface DeadLetterPlace {
  /** The dead-letter topic. */
  readonly topic: string;
  readonly partition: number;
  /** Decimal. */
  readonly offset: string;
}

/** `client.deadLetters`: what consumer groups have set aside. */
export class DeadLettersApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  list(options: ListOptions = {}): Listing<DeadLetter> {
    return listing<DeadLetter>(this.#http, listPaths.deadLetters, options);
  }

  /** One whole, with its bytes. */
  async get({ topic, partition, offset }: DeadLetterPlace, options: CallOptions = {}): Promise<DeadLetterWhole> {
    const path = `${listPaths.deadLetters}/${encodeURIComponent(topic)}/${partition}/${offset}`;
    return (await this.#http.json({ method: 'GET', path, ...options })) as DeadLetterWhole;
  }

  /** Sends them through again, to the group that set them aside. A repeat sends none twice. */
  async redrive(wish: Redrive, options: CallOptions = {}): Promise<RedriveResult> {
    const path = `${listPaths.deadLetters}/redrive`;
    return (await this.#http.json(changeOf('POST', path, wish, options))) as RedriveResult;
  }
}

function pathOf(type: string): string {
  return `/v1/schemas/${encodeURIComponent(type)}`;
}
