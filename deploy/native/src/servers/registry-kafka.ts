/** How the registry reaches a Kafka that is not ours; the shape of `kafkaConnection` of `@chorda/platform`. */
export interface RegistryKafka {
  readonly brokers: readonly string[];
  readonly ssl?: { readonly caPem?: string; readonly certPem?: string; readonly keyPem?: string };
  readonly sasl?:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: string;
      }
    | { readonly mechanism: 'oauthbearer' };
}

/**
 * The same connection in the words of Java's client, as a properties file that the registry reads.
 *
 * @throws for oauthbearer, which would need a class that the registry does not bring.
 */
export function registryProperties(kafka: RegistryKafka): string {
  const properties: Record<string, string> = { 'apicurio.kafkasql.bootstrap.servers': kafka.brokers.join(',') };
  const client = (name: string, value: string) => (properties[`apicurio.kafka.common.${name}`] = value);
  if (kafka.ssl !== undefined || kafka.sasl !== undefined) client('security.protocol', protocolOf(kafka));
  if (kafka.ssl?.caPem !== undefined) {
    client('ssl.truststore.type', 'PEM');
    client('ssl.truststore.certificates', kafka.ssl.caPem);
  }
  if (kafka.ssl?.certPem !== undefined && kafka.ssl.keyPem !== undefined) {
    client('ssl.keystore.type', 'PEM');
    client('ssl.keystore.certificate.chain', kafka.ssl.certPem);
    client('ssl.keystore.key', kafka.ssl.keyPem);
  }
  if (kafka.sasl !== undefined) {
    if (kafka.sasl.mechanism === 'oauthbearer') {
      throw new TypeError('The embedded registry cannot sign in with oauthbearer: give one with SCHEMA_REGISTRY_URL');
    }
    const { mechanism, username, password } = kafka.sasl;
    const login = mechanism === 'plain' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
    client('sasl.mechanism', mechanism.toUpperCase());
    client(
      'sasl.jaas.config',
      `org.apache.kafka.common.security.${login} required username="${quoted(username)}" password="${quoted(password)}";`,
    );
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${escaped(value)}\n`)
    .join('');
}

function protocolOf(kafka: RegistryKafka): string {
  if (kafka.sasl === undefined) return 'SSL';
  return kafka.ssl === undefined ? 'SASL_PLAINTEXT' : 'SASL_SSL';
}

function quoted(text: string): string {
  return text.replace(/[\\"]/g, '\\$&');
}

/** Twice read: as a properties file, and by a configuration library to which `${` and `\` mean something. */
function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\\\\\').replace(/\$/g, '\\\\$').replace(/\r?\n/g, '\\n');
}
