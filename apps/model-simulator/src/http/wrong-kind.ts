import { badRequest } from './answer-error.js';

/** A model that embeds is asked to write, or the other way round. */
export function notForEmbedding(api: string): Error {
  return badRequest(`The model does not support ${api} API`);
}
