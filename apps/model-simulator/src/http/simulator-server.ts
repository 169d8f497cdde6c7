import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger, type Logger } from '@chorda/kernel';
import type { SimulatorSettings } from '../simulator-settings.js';
import { AnswerError, errorBody, noSuchRoute, wrongMethod } from './answer-error.js';
import { Exchange } from './exchange.js';
import { sendJson } from './reply.js';
import { ClientLeftError } from './request-body.js';
import { routes } from './routes.js';
import { Simulator } from './simulator.js';

/** A client that says nothing on an open connection is let go; one that has asked waits as long as it takes. */
const keepAliveMs = 65_000;
const connectionsMax = 20_000;

/** The simulator's HTTP server. */
export class SimulatorServer {
  readonly simulator: Simulator;
  private readonly server: Server;
  private isStopping = false;

  constructor(
    private readonly settings: SimulatorSettings,
    private readonly logger: Logger = silentLogger,
  ) {
    this.simulator = new Simulator(settings);
    this.server = createServer({ keepAliveTimeout: keepAliveMs, noDelay: true }, (request, response) => {
      response.once('close', () => this.onAnswered());
      this.answer(request, response).catch((error: unknown) => this.fail(response, error));
    });
    this.server.maxConnections = connectionsMax;
    this.server.on('drop', () => this.simulator.counters.onBound('connections'));
  }

  async listen(): Promise<string> {
    const { host, port } = this.settings;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, 1_024, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    const { address, family, port: taken } = this.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
  }

  /** Takes no more requests and lets those in hand end within so many milliseconds; then it cuts them off. */
  async stop(drainMs: number): Promise<void> {
    this.isStopping = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    const timer = setTimeout(() => this.server.closeAllConnections(), drainMs);
    await closed;
    clearTimeout(timer);
    await this.simulator.stop();
  }

  /** A connection that is kept alive after its last answer would keep the server from ending. */
  private onAnswered(): void {
    if (this.isStopping) setImmediate(() => this.server.closeIdleConnections());
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const exchange = new Exchange(this.simulator, path, request, response);
    try {
      if (!this.mayAsk(path, request)) {
        sendJson(response, 401, { error: 'Unauthorized' }, exchange.headers);
        return;
      }
      const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
      if (methods === undefined) throw noSuchRoute();
      const route = methods[request.method ?? ''];
      if (route === undefined) throw wrongMethod(Object.keys(methods).join(', '));
      await route(exchange);
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      // What is left of a body that was refused is not read.
      if (error.status === 413) this.simulator.counters.onBound('body_bytes');
      const headers = error.status === 413 ? { ...error.headers, connection: 'close' } : error.headers;
      sendJson(response, error.status, error.body, { ...exchange.headers, ...headers });
    }
  }

  private mayAsk(path: string, request: IncomingMessage): boolean {
    const { apiKey } = this.settings;
    if (apiKey === undefined || !(path.startsWith('/v1/') || path.startsWith('/simulator'))) return true;
    const given = Buffer.from(request.headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${apiKey}`);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  private fail(response: ServerResponse, error: unknown): void {
    if (error instanceof ClientLeftError) return;
    this.logger.error('A request met a fault of the simulator', { error });
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, errorBody('Internal server error', 'InternalServerError', null, 500));
  }
}
