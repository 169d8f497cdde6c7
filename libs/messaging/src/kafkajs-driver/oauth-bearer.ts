import { KafkaAuthenticationError } from '../errors.js';

/** What kafkajs hands to a mechanism that it does not bring. Bytes come and go behind a length of four bytes. */
interface Exchange {
  saslAuthenticate(exchange: {
    readonly request: { encode(): Promise<Buffer> };
    readonly response: { decode(bytes: Buffer): Promise<string>; parse(text: string): Promise<string> };
  }): Promise<string | undefined>;
}

/** kafkajs would try again on the same connection, where the broker takes no second handshake and says only that. */
class NoTokenError extends Error {
  readonly retriable = false;
}

/**
 * OAUTHBEARER (RFC 7628) in place of kafkajs's own, which takes a refusal for a success: the broker answers a bad token
 * with a text instead of an error, and kafkajs does not look at it.
 */
export function oauthBearer(token: () => Promise<string>) {
  return ({ saslAuthenticate }: Exchange) => ({
    async authenticate(): Promise<void> {
      const value = await token().catch((cause: unknown) => {
        throw new NoTokenError('No token for Kafka', { cause });
      });
      const refusal = await saslAuthenticate({ request: { encode: () => Promise.resolve(greeting(value)) }, response });
      if (refusal) throw new KafkaAuthenticationError('The broker refused the access token');
    },
  });
}

const response = {
  decode: (bytes: Buffer) => Promise.resolve(bytes.subarray(4).toString('utf8')),
  parse: (text: string) => Promise.resolve(text),
};

function greeting(token: string): Buffer {
  const text = Buffer.from(`n,,\u0001auth=Bearer ${token}\u0001\u0001`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(text.length);
  return Buffer.concat([length, text]);
}
