import type { FastifyRequest } from 'fastify';
import type { GatewayMetrics } from '../gateway.metrics.js';
import { requestBytesMax, type Admission, type Lease } from '../http/http-server.js';
import { Problem } from '../http/problem.js';

export interface AdmissionLimits {
  readonly bytesMax: number;
  readonly requestsMax: number;
}

const nothingHeld: Lease = { settle: () => undefined, leave: () => undefined };

/**
 * Bounds what writes may hold in memory at once, and says no before the body is read, so that nothing which was
 * acknowledged is ever among what is refused. Reads pass: they hold no body.
 *
 * Modes: open, in which a request enters while there is room; stopping, entered once by `stop`, in which none enters.
 */
export class IngestAdmission implements Admission {
  private bytes = 0;
  private requests = 0;
  private isStopping = false;

  constructor(
    private readonly limits: AdmissionLimits,
    private readonly metrics: GatewayMetrics,
  ) {}

  get waiting(): number {
    return this.requests;
  }

  stop(): void {
    this.isStopping = true;
  }

  enter(request: FastifyRequest): Lease {
    if (request.method !== 'POST') return nothingHeld;
    const headers = { 'retry-after': '1' };
    if (this.isStopping) throw new Problem('STOPPING', 'Send it again: another instance will take it', { headers });
    const bytes = bytesAnnounced(request);
    if (this.requests >= this.limits.requestsMax || this.bytes + bytes > this.limits.bytesMax) {
      throw new Problem('OVERLOADED', 'Too much waits for the log already; nothing of this request was taken', {
        headers,
      });
    }
    let held = bytes;
    this.add(held, 1);
    return {
      settle: (actual) => {
        this.add(actual - held, 0);
        held = actual;
      },
      leave: () => this.add(-held, -1),
    };
  }

  private add(bytes: number, requests: number): void {
    this.bytes += bytes;
    this.requests += requests;
    this.metrics.bytesInFlight.set(this.bytes);
    this.metrics.requestsInFlight.set(this.requests);
  }
}

/** A body of unknown length may become as large as a body can be. */
function bytesAnnounced(request: FastifyRequest): number {
  const announced = Number(request.headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(announced) && announced >= 0 ? Math.min(announced, requestBytesMax) : requestBytesMax;
}
