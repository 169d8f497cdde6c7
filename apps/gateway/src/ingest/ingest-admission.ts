import type { FastifyRequest } from 'fastify';
import type { GatewayMetrics } from '../gateway.metrics.js';
import type { Admission, Lease } from '../http/http-server.js';
import { Problem } from '../http/problem.js';
import type { AppendPace } from './append-pace.js';
import { ingestBodies } from './cloud-event-request.js';

export interface AdmissionLimits {
  readonly bytesMax: number;
  readonly requestsMax: number;
  /** While an append waits longer for the brokers, no request enters. */
  readonly latencyMsMax: number;
  readonly requestBytesMax: number;
}

const nothingHeld: Lease = { reserve: () => true, leave: () => undefined };
/** What a request that is read line by line holds: a window of lines, the next one behind it, and their answers. */
const streamedBytesMax = 4 * 1024 * 1024;
/** A refused body of so many bytes is read and dropped, which costs less than a new connection for the next try. */
const droppedBytesMax = 64 * 1024;

/**
 * Bounds what writes may hold in memory at once, and says no before the body is read, so that nothing which was
 * acknowledged is ever among what is refused. Reads pass: they hold no body.
 *
 * Modes: open, in which a request enters while there is room and the brokers answer in time; stopping, entered once by
 * `stop`, in which none enters.
 */
export class IngestAdmission implements Admission {
  private bytes = 0;
  private requests = 0;
  private isStopping = false;

  constructor(
    private readonly limits: AdmissionLimits,
    private readonly pace: AppendPace,
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
    if (this.isStopping) throw this.refusal(request, 'stopping');
    const announced = this.bytesAnnounced(request);
    if (this.requests >= this.limits.requestsMax) throw this.refusal(request, 'requests');
    if (this.bytes + announced > this.limits.bytesMax) throw this.refusal(request, 'bytes');
    if (this.pace.oldestMs > this.limits.latencyMsMax) throw this.refusal(request, 'latency');
    let held = announced;
    let isHeld = true;
    this.add(held, 1);
    return {
      reserve: (bytes) => {
        if (!isHeld) return true;
        if (bytes > held && this.bytes + bytes - held > this.limits.bytesMax) {
          this.metrics.refusedRequests.inc({ reason: 'bytes' });
          return false;
        }
        this.add(bytes - held, 0);
        held = bytes;
        return true;
      },
      // A request may give its room back before its connection ends, and then that ends it a second time.
      leave: () => {
        if (isHeld) this.add(-held, -1);
        isHeld = false;
      },
    };
  }

  private refusal(request: FastifyRequest, reason: 'stopping' | 'requests' | 'bytes' | 'latency'): Problem {
    this.metrics.refusedRequests.inc({ reason });
    const announced = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    const headers = { 'retry-after': '1', ...(announced <= droppedBytesMax ? {} : { connection: 'close' }) };
    if (reason === 'stopping') {
      return new Problem('STOPPING', 'Send it again: another instance will take it', { headers });
    }
    const detail =
      reason === 'latency'
        ? 'The brokers take too long at the moment; nothing of this request was taken'
        : 'Too much waits for the log already; nothing of this request was taken';
    return new Problem('OVERLOADED', detail, { headers });
  }

  private add(bytes: number, requests: number): void {
    this.bytes += bytes;
    this.requests += requests;
    this.metrics.bytesInFlight.set(this.bytes);
    this.metrics.requestsInFlight.set(this.requests);
  }

  /** A body of unknown length may become as large as a body can be; what inflates asks for more while it does. */
  private bytesAnnounced({ headers }: FastifyRequest): number {
    const announced = Number(headers['content-length'] ?? Number.NaN);
    const isKnown = Number.isSafeInteger(announced) && announced >= 0;
    const bytes = isKnown ? Math.min(announced, this.limits.requestBytesMax) : this.limits.requestBytesMax;
    const mediaType = (headers['content-type'] ?? '').split(';', 1)[0] ?? '';
    return ingestBodies.streamed.includes(mediaType.trim().toLowerCase()) ? Math.min(bytes, streamedBytesMax) : bytes;
  }
}
