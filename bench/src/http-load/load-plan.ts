/** What the load process is asked to do, as JSON on its standard input. */
export interface LoadPlan {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly durationMs: number;
  readonly method: 'GET' | 'POST';
  readonly target: string;
  /** Instead of one: asked for in turn, so that no two requests at once are the same. */
  readonly targets?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in turn; `slot` in them becomes a number that no other request has. */
  readonly bodies: readonly string[];
  /** Where those numbers start. */
  readonly firstNumber: number;
  /** Requests that become due each second, whatever became of the ones before; left out: each connection's next follows its answer. */
  readonly perSecond?: number;
  /** Whether the numbers of acknowledged requests are wanted. */
  readonly tellAcknowledged?: boolean;
}

/** What it saw, as one line of JSON on its standard output. */
export interface LoadReport {
  readonly requests: number;
  readonly seconds: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Of the requests that were answered 2xx; from the moment a request was due. */
  readonly admitted: Latencies;
  readonly refused: Latencies;
  /** Connections that ended before their answer. */
  readonly broken: number;
  /** Requests that were due and for which no connection was free within the run. */
  readonly unsent: number;
  /** Processor time of the load process itself: it must not be what limits. */
  readonly cpuSeconds: number;
  readonly acknowledged: readonly number[];
}

export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}
