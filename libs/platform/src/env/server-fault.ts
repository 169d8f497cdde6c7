import { BackboneError } from '@chorda/kernel';

/** A server that the environment names. */
export type NamedServer = 'kafka' | 'registry' | 'postgres' | 'redis';

/** A server that the environment names cannot be used: says which settings to look at, and never a secret. */
export class ServerUnusableError extends BackboneError {
  readonly code = 'SERVER_UNUSABLE';

  constructor(
    message: string,
    /** Whether time may mend it: it could not be reached. */
    readonly retriable: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface Settings {
  readonly title: string;
  readonly address: string;
  readonly credentials: string;
  readonly authority: string;
}

const settingsOf: Readonly<Record<NamedServer, Settings>> = {
  kafka: {
    title: 'Kafka',
    address: 'KAFKA_BROKERS',
    credentials: 'KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD',
    authority: 'KAFKA_SSL_CA or KAFKA_SSL_CA_FILE',
  },
  registry: {
    title: 'The schema registry',
    address: 'SCHEMA_REGISTRY_URL',
    credentials: 'SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD',
    authority: 'SCHEMA_REGISTRY_CA or SCHEMA_REGISTRY_CA_FILE',
  },
  postgres: {
    title: 'Postgres',
    address: 'DATABASE_URL',
    credentials: 'user and password in DATABASE_URL',
    authority: 'sslrootcert=FILE in DATABASE_URL',
  },
  redis: {
    title: 'Redis',
    address: 'REDIS_URL',
    credentials: 'user and password in REDIS_URL',
    authority: 'NODE_EXTRA_CA_CERTS',
  },
};

const answerMsMax = 12_000;

/**
 * Does `work` with that server.
 *
 * @throws {@link ServerUnusableError} when the server cannot be reached or refuses us; what else `work` throws stays as
 * it is.
 */
export async function usingServer<Answer>(server: NamedServer, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    throw serverFault(server, error) ?? error;
  }
}

/** The same for `work` that does nothing but ask: no answer in 12 s is a fault too. */
export async function askServer<Answer>(server: NamedServer, work: () => Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new ServerUnusableError(unreachable(server, `no answer within ${answerMsMax / 1_000} s`), true);
    timer = setTimeout(() => reject(error), answerMsMax);
  });
  try {
    return await Promise.race([usingServer(server, work), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The fault of the server or of its settings in an error of whatever client was used; none when it is another. */
export function serverFault(server: NamedServer, error: unknown): ServerUnusableError | undefined {
  if (error instanceof ServerUnusableError) return error;
  const chain = causesOf(error);
  const because = { cause: error };
  const { title, address, credentials, authority } = settingsOf[server];
  const named = `${title} (${address})`;
  const untrusted = chain.find(({ code }) => certificateCodes.has(code));
  if (untrusted !== undefined) {
    const what = untrusted.code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? 'is for another host' : 'is not trusted';
    const fix = `check the host in ${address}, and give the authority that signed it with ${authority}`;
    return new ServerUnusableError(
      `${named} has a certificate that ${what} (${untrusted.code}): ${fix}`,
      false,
      because,
    );
  }
  if (chain.some(({ code }) => code === 'TOKEN_UNAVAILABLE')) {
    const reason = chain.find(({ code }) => code === 'TOKEN_UNAVAILABLE')?.message ?? '';
    const fix = 'check CHORDA_KAFKA_TOKEN_URL, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD';
    return new ServerUnusableError(`${named}: ${reason}: ${fix}`, true, because);
  }
  if (chain.some(isRefusal)) {
    return new ServerUnusableError(`${named} refused the credentials: check ${credentials}`, false, because);
  }
  const unreadable = chain.find(({ code, path }) => fileCodes.has(code) && path !== '');
  if (unreadable !== undefined) {
    const message = `${address} names the file ${unreadable.path}, which cannot be read (${unreadable.code})`;
    return new ServerUnusableError(message, false, because);
  }
  const tls = chain.find(({ code, message }) => tlsCodes.has(code) || message.includes('does not support SSL'));
  if (tls !== undefined) {
    return new ServerUnusableError(
      `${named} does not speak TLS as it is asked to: check ${address} and its TLS settings`,
      false,
      because,
    );
  }
  const away = chain.find(
    ({ code, message }) => unreachableCodes.has(code) || /timeout|ended unexpectedly/i.test(message),
  );
  if (away === undefined) return undefined;
  return new ServerUnusableError(unreachable(server, reasonOf(chain, away)), true, because);
}

function unreachable(server: NamedServer, reason: string): string {
  const { title, address } = settingsOf[server];
  const tls = server === 'kafka' ? ', and KAFKA_SSL where its listener asks for TLS' : '';
  return `${title} (${address}) cannot be reached: ${reason}. Check ${address}${tls}, and that it runs`;
}

/** What of an error says what happened; an empty text for what it does not have. */
interface Cause {
  readonly code: string;
  readonly message: string;
  readonly name: string;
  readonly path: string;
  readonly place: string;
  readonly httpStatus: unknown;
}

/** Clients hide what happened some causes down; kafkajs has a name of its own for a cause. */
function causesOf(error: unknown, depth = 0): readonly Cause[] {
  if (!(error instanceof Error) || depth > 8) return [];
  const field = (name: string): unknown => Reflect.get(error, name);
  const text = (name: string): string => String(field(name) ?? '');
  const address = [text('address') || text('hostname'), text('port')].filter((part) => part !== '').join(':');
  const place = address || text('broker');
  const own = { code: text('code'), message: error.message, name: error.name, path: text('path'), place };
  const inner = [error.cause, field('originalError'), ...(error instanceof AggregateError ? error.errors : [])];
  return [{ ...own, httpStatus: field('httpStatus') }, ...inner.flatMap((cause) => causesOf(cause, depth + 1))];
}

function isRefusal({ code, httpStatus }: Cause): boolean {
  return refusalCodes.has(code) || httpStatus === 401 || httpStatus === 403;
}

/** Of system errors alone the text is known to hold no secret. */
function reasonOf(chain: readonly Cause[], away: Cause): string {
  const system = chain.find(({ code }) => systemCodes.has(code));
  if (system !== undefined) return [system.code, system.place].filter((part) => part !== '').join(' ');
  return away.code === '' || away.code === 'undefined' ? 'no answer in time' : away.code;
}

/** Names that OpenSSL gives to what is wrong with a certificate. */
const certificateCodes: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'CERT_REJECTED',
  'CERT_UNTRUSTED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** 28P01 and 28000 are Postgres: invalid password, invalid authorization. */
const refusalCodes: ReadonlySet<string> = new Set(['KAFKA_AUTHENTICATION', '28P01', '28000']);
const fileCodes: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'EISDIR']);
const tlsCodes: ReadonlySet<string> = new Set([
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]);
const systemCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
]);
/** 57P03: Postgres is starting or stopping. */
const unreachableCodes: ReadonlySet<string> = new Set([
  ...systemCodes,
  'BROKER_UNAVAILABLE',
  'REGISTRY_UNAVAILABLE',
  '57P03',
]);
