import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';

const limitMs = 5_000;

/** What Redis says to PING, after AUTH where the URL has a password: the first line that is not the answer to AUTH. */
export async function redisPing(url: string): Promise<string> {
  const { protocol, hostname, port, username, password } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const place = { host, port: port === '' ? 6379 : Number(port) };
  const socket = protocol === 'rediss:' ? connectTls({ ...place, servername: host }) : connectPlain(place);
  const credentials = [username, password].map(decodeURIComponent).filter((text) => text !== '');
  const commands = [...(password === '' ? [] : [['AUTH', ...credentials]]), ['PING']];
  return new Promise((resolve, reject) => {
    let received = '';
    socket.setTimeout(limitMs, () => socket.destroy(new Error(`Redis at ${host} said nothing for ${limitMs} ms`)));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.toString('utf8');
      const lines = received.split('\r\n');
      // The last piece is a line that has not ended yet.
      const refused = lines.slice(0, -1).find((line) => line.startsWith('-'));
      if (refused === undefined && lines.length <= commands.length) return;
      resolve(refused ?? lines[commands.length - 1] ?? '');
      socket.destroy();
    });
    socket.write(commands.map(encode).join(''));
  });
}

/** RESP: an array of bulk strings. */
function encode(parts: readonly string[]): string {
  return `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
}
