import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

/**
 * The world outside: each request is an effect, and each is written down with its key before it is answered. It dedupes
 * nothing, so that whoever calls twice has done it twice. Arguments: port, file, milliseconds until the answer at most.
 */
const [port = '0', file = '', delayMsMax = '0'] = process.argv.slice(2);

createServer((request, response) => {
  request.resume().once('end', () => {
    const url = new URL(request.url ?? '/', 'http://effects');
    const effect = url.searchParams.get('effect') ?? '';
    // A GET carries no key: the call is named by what it asks for.
    const key = String(request.headers['idempotency-key'] ?? effect);
    const line = { key, effect, tool: url.searchParams.get('tool') ?? '', at_ms: Date.now() };
    // Synchronous: what is answered is in the file, whatever becomes of this process.
    appendFileSync(file, `${JSON.stringify(line)}\n`);
    const answer = () => response.end(JSON.stringify({ receipt: effect }));
    setTimeout(answer, Math.random() * Number(delayMsMax));
  });
}).listen(Number(port), '127.0.0.1');
