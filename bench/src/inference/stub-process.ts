import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * A model server that costs next to nothing: every chat is answered after the same time, as JSON or, where it is asked for
 * a stream, as three chunks at once. So what is measured in front of it is the way there and back.
 */
const port = Number(process.argv[2]);
const answerMs = Number(process.argv[3]);
const model = 'simulated';
const usage = { prompt_tokens: 8, completion_tokens: 4, total_tokens: 12 };
const words = 'All of it is well.';
let running = 0;

const whole = (id: string) =>
  JSON.stringify({
    ...{ id, object: 'chat.completion', created: 1_700_000_000, model },
    choices: [{ index: 0, message: { role: 'assistant', content: words }, logprobs: null, finish_reason: 'stop' }],
    usage,
  });

function stream(id: string): string {
  const chunk = (rest: object) =>
    `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 1_700_000_000, model, ...rest })}\n\n`;
  const choice = (delta: object, reason: string | null) => ({ index: 0, delta, logprobs: null, finish_reason: reason });
  return [
    chunk({ choices: [choice({ role: 'assistant', content: words }, null)] }),
    chunk({ choices: [choice({}, 'stop')] }),
    chunk({ choices: [], usage }),
    'data: [DONE]\n\n',
  ].join('');
}

function answer(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

createServer((request, response) => {
  if (request.url === '/health') return answer(response, 'text/plain', '');
  if (request.url === '/v1/models') {
    const list = { object: 'list', data: [{ id: model, object: 'model', owned_by: 'bench', max_model_len: 4_096 }] };
    return answer(response, 'application/json', JSON.stringify(list));
  }
  if (request.url === '/metrics') {
    const labels = `{engine="0",model_name="${model}"}`;
    const page = `vllm:num_requests_running${labels} ${running}\nvllm:num_requests_waiting${labels} 0\n`;
    return answer(response, 'text/plain; version=0.0.4', page);
  }
  void text(request).then((body) => {
    running += 1;
    const isStreamed = body.includes('"stream":true') || body.includes('"stream": true');
    const id = `chatcmpl-${String(request.headers['x-request-id'] ?? 'bench')}`;
    setTimeout(() => {
      running -= 1;
      if (isStreamed) answer(response, 'text/event-stream; charset=utf-8', stream(id));
      else answer(response, 'application/json', whole(id));
    }, answerMs);
  });
}).listen(port, '127.0.0.1');
