import { BackboneError } from '@chorda/kernel';
import { Problem } from '../http/problem.js';

const queryCanceled = '57014';
/** Connection, resources, and a server that is going down or coming up. */
const awayClasses = /^(?:08|53|57P|58)/;
const awayCodes = /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
const awayMessages =
  /timeout exceeded when trying to connect|connection terminated|client has encountered a connection error|query read timeout/i;

/** What a request is answered with that the database failed; anything that is not about the database stays what it is. */
export function databaseProblem(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof BackboneError) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (code === queryCanceled) {
    const detail = 'The read was ended by its time-out: narrow the filter, or ask for fewer items';
    return new Problem('QUERY_TIMEOUT', detail, { headers: { 'retry-after': '1' }, cause: error });
  }
  if (awayClasses.test(code) || awayCodes.test(code) || awayMessages.test(error.message)) {
    const headers = { 'retry-after': '1' };
    return new Problem('UNAVAILABLE', 'The database cannot be reached at the moment', { headers, cause: error });
  }
  return error;
}
