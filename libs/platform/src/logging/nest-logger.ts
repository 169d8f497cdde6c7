import type { Logger } from '@chorda/kernel';
import type { LoggerService } from '@nestjs/common';

/**
 * Nest's own lines through our logger. Nest calls with (message, ...details, context); its chatter about routes and
 * modules is worth a debug line, no more.
 */
export function nestLogger(logger: Logger): LoggerService {
  const fieldsOf = (details: readonly unknown[]) => {
    const context = details.at(-1);
    const error = details.find((detail) => detail instanceof Error);
    const stack = details.find((detail) => typeof detail === 'string' && /\n\s+at /.test(detail));
    return {
      ...(typeof context === 'string' && context !== stack && { context }),
      ...(error !== undefined && { error }),
      ...(stack !== undefined && { 'error.stack': stack }),
    };
  };
  const textOf = (message: unknown) => (message instanceof Error ? message.message : String(message));
  const fault = (message: unknown, ...details: readonly unknown[]) =>
    logger.error(textOf(message), { ...fieldsOf(details), ...(message instanceof Error && { error: message }) });
  return {
    log: (message: unknown, ...details: readonly unknown[]) => logger.debug(textOf(message), fieldsOf(details)),
    debug: (message: unknown, ...details: readonly unknown[]) => logger.debug(textOf(message), fieldsOf(details)),
    verbose: (message: unknown, ...details: readonly unknown[]) => logger.debug(textOf(message), fieldsOf(details)),
    warn: (message: unknown, ...details: readonly unknown[]) => logger.warn(textOf(message), fieldsOf(details)),
    error: fault,
    fatal: fault,
  };
}
