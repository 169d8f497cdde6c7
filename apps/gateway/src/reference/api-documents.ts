import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { asyncApiWithTypes, eventSchemaOf, isEventType } from '@chorda/contracts';
import { defaultTenant, type JsonValue, type TenantId } from '@chorda/kernel';
import type { ExternalTypeRecord } from '@chorda/read-models';
import type { RegisteredDoor } from '../external-types/registered-door.js';
import { completeOperations, problemExamples } from './documented.js';
import { asSchemas, sharedSchemas } from './schemas.js';

/** The two contracts as texts, made when they are asked for the first time. */
export class ApiDocuments {
  private openApiText = '{}';

  private asyncApiText: { readonly types: readonly ExternalTypeRecord[]; readonly text: string } | undefined;

  /** @param asyncApiDocument Of what is built in. */
  constructor(
    private readonly asyncApiDocument: JsonValue,
    private readonly registered: Pick<RegisteredDoor, 'visibleTo'>,
  ) {}

  /** What is built in, and the registered types that a tenant may see; without one, those that are for everybody. */
  asyncApi(tenant: TenantId = defaultTenant): string {
    const types = this.registered.visibleTo(tenant);
    if (this.asyncApiText !== undefined && isSame(types, this.asyncApiText.types)) return this.asyncApiText.text;
    const schemas = types
      .map(({ type }) => type)
      .filter(isEventType)
      .map(eventSchemaOf);
    const text = JSON.stringify(asyncApiWithTypes(this.asyncApiDocument, schemas));
    this.asyncApiText = { types, text };
    return text;
  }

  get openApi(): string {
    return this.openApiText;
  }

  /** Walks the controllers, so it is called when the application is put together. */
  describe(app: INestApplication, version: string): void {
    const config = new DocumentBuilder()
      .setTitle('Chorda')
      .setDescription('Events in, read models and live events out. Errors are `application/problem+json`.')
      .setVersion(version)
      .setOpenAPIVersion('3.1.0')
      .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
      .addServer('/')
      .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'chd_...', description: 'API key' }, 'api_key')
      .build();
    const document = SwaggerModule.createDocument(app, config);
    document.components = {
      ...document.components,
      schemas: { ...document.components?.schemas, ...asSchemas(sharedSchemas) },
      examples: problemExamples(),
    };
    completeOperations(document);
    this.openApiText = JSON.stringify(document);
  }
}

function isSame(a: readonly ExternalTypeRecord[], b: readonly ExternalTypeRecord[]): boolean {
  return a.length === b.length && a.every((type, index) => type === b[index]);
}
