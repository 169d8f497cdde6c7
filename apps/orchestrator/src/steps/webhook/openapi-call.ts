import type { JsonValue } from '@chorda/kernel';
import { OpenApiError, operationRequest, type OperationRequest } from '@chorda/workflows';
import type { DocumentAsk, FoundDocument, OpenApiDocuments } from './openapi-documents.js';
import { lawfulHeaders, ownHeaders, withQuery, type HttpCall, type OperationSettings } from './webhook-settings.js';

/**
 * The call that an operation and its parameters come to, by the document as it is now.
 *
 * @throws OpenApiError where there is none, and as {@link OpenApiDocuments.read}.
 */
export async function operationCall(
  documents: OpenApiDocuments,
  { openapi, query, ...settings }: OperationSettings,
  input: JsonValue,
  asked: Pick<DocumentAsk, 'tenantId' | 'secrets' | 'signal'>,
): Promise<HttpCall> {
  const ask: DocumentAsk = { ...asked, url: openapi.document, headers: openapi.headers };
  const made = ({ document, url }: FoundDocument) =>
    operationRequest(document, {
      operationId: openapi.operation,
      parameters: openapi.parameters ?? {},
      input,
      documentUrl: url,
      otherHeaders: new Set([...ownHeaders, ...Object.keys(settings.headers)]),
    });
  const request = await madeOfNewest(documents, ask, made);
  const headers = lawfulHeaders(request.headers);
  if (typeof headers === 'string') throw new OpenApiError('OPENAPI_PARAMETER_NOT_VALID', headers);
  const url = withQuery(request.url, query);
  return {
    ...settings,
    ...{ method: request.method, url, body: request.body, isOperation: true },
    headers: { ...headers, ...settings.headers },
  };
}

/** An operation may have come into the document since it was kept. */
async function madeOfNewest(
  documents: OpenApiDocuments,
  ask: DocumentAsk,
  made: (found: FoundDocument) => OperationRequest,
): Promise<OperationRequest> {
  const found = await documents.read(ask);
  try {
    return made(found);
  } catch (error) {
    if (!found.isKept || !(error instanceof OpenApiError)) throw error;
    return made(await documents.read(ask, true));
  }
}
