import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { clientCredentialsToken } from './oauth-token.js';

const secret = 's3cret/of+the client';
let endpoint: Server;
let url: string;
let requests: { readonly authorization: string; readonly body: string }[];
let answer: (count: number) => { readonly status: number; readonly body: string };

async function take(request: IncomingMessage): Promise<void> {
  requests.push({ authorization: request.headers.authorization ?? '', body: await text(request) });
}

beforeAll(async () => {
  endpoint = createServer((request, response) => {
    void take(request).then(() => {
      const { status, body } = answer(requests.length);
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/token`;
});

beforeEach(() => {
  requests = [];
  answer = (count) => ({ status: 200, body: JSON.stringify({ access_token: `token-${count}`, expires_in: 100 }) });
});

afterAll(() => {
  vi.useRealTimers();
  endpoint.close();
});

const tokenOf = (at = url) => clientCredentialsToken({ url: at, clientId: 'chorda', secret });

describe('a token for Kafka', () => {
  it('is asked for by client credentials in the header, escaped as OAuth 2.0 says', async () => {
    expect(await tokenOf()()).toBe('token-1');
    const [type, encoded = ''] = requests[0]?.authorization.split(' ') ?? [];
    expect(type).toBe('Basic');
    expect(Buffer.from(encoded, 'base64').toString()).toBe(`chorda:${encodeURIComponent(secret)}`);
    expect(requests[0]?.body).toBe('grant_type=client_credentials');
  });

  it('is asked for once by many connections, and again when four fifths of its life are over', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const token = tokenOf();
    expect(new Set(await Promise.all([token(), token(), token()]))).toEqual(new Set(['token-1']));
    vi.setSystemTime(Date.now() + 79_000);
    expect(await token()).toBe('token-1');
    vi.setSystemTime(Date.now() + 2_000);
    expect(await token()).toBe('token-2');
    expect(requests).toHaveLength(2);
    vi.useRealTimers();
  });

  it.each([
    ['refuses', 401, JSON.stringify({ error: 'invalid_client', echo: secret }), /answered 401/],
    ['answers what is no JSON', 200, `<html>${secret}</html>`, /no usable answer/],
    ['answers without a token', 200, JSON.stringify({ token: secret }), /no usable answer/],
  ])(
    'is an error that may be tried again, without the secret, where the endpoint %s',
    async (_what, status, body, said) => {
      answer = () => ({ status, body });
      const token = tokenOf();
      const failure: unknown = await token().catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'TOKEN_UNAVAILABLE', retriable: true });
      expect(String(failure)).toMatch(said);
      expect(String(failure)).not.toContain(secret);
      answer = () => ({ status: 200, body: JSON.stringify({ access_token: 'later' }) });
      expect(await token()).toBe('later');
    },
  );

  it('is an error where nothing answers', async () => {
    await expect(tokenOf('http://127.0.0.1:1/token')()).rejects.toThrow(/no usable answer/);
  });
});
