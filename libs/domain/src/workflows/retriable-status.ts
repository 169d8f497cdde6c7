const retriable: ReadonlySet<number> = new Set([408, 421, 423, 425, 429, 500, 502, 503, 504, 507, 529]);

/** Whether a webhook that got this HTTP status may well be answered otherwise the next time. */
export function isRetriableStatus(status: number): boolean {
  return retriable.has(status);
}
