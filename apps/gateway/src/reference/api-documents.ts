import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { asSchemas, sharedSchemas } from './schemas.js';

/** The two contracts as texts, made once at the start. */
export class ApiDocuments {
  private openApiText = '{}';

  constructor(readonly asyncApi: string) {}

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
    };
    this.openApiText = JSON.stringify(document);
  }
}
