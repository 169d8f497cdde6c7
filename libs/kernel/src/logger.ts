/** Fields beside the message; names follow OpenTelemetry and `docs/logging.md` (`event_id`, `topic`, `offset`). */
export type LogFields = Readonly<Record<string, unknown>>;

/** The port that libs log through; `libs/platform` gives it winston. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

/** Says nothing; for tests and short commands. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
