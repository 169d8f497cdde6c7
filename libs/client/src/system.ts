/** One running instance of a service, as it last said of itself. */
export interface ServiceState {
  readonly service: string;
  readonly instance: string | null;
  readonly status: 'healthy' | 'degraded' | 'unhealthy' | 'unknown' | 'gone';
  readonly [field: string]: unknown;
}

export interface SystemState {
  readonly services: readonly ServiceState[];
  readonly [field: string]: unknown;
}
