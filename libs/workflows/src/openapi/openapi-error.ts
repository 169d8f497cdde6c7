import { BackboneError } from '@chorda/kernel';

export type OpenApiFault =
  /** The document is none of OpenAPI, or contradicts itself. */
  | 'OPENAPI_NOT_VALID'
  /** The document asks for what is not done here. */
  | 'OPENAPI_NOT_SUPPORTED'
  | 'OPENAPI_OPERATION_UNKNOWN'
  | 'OPENAPI_PARAMETER_MISSING'
  | 'OPENAPI_PARAMETER_NOT_VALID'
  | 'OPENAPI_PARAMETER_UNKNOWN';

/** No request can be made of a document, an operation and its parameters: the same ones would not make one again. */
export class OpenApiError extends BackboneError {
  readonly retriable = false;

  constructor(
    readonly code: OpenApiFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
