import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { TenantId } from '@chorda/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from '../auth/authenticator.js';
import { Public } from '../auth/scopes.js';
import { Problem } from '../http/problem.js';
import { Documented, type OperationDocument } from './documented.js';
import { ApiDocuments } from './api-documents.js';

const document = (operationId: string, summary: string, ...mediaTypes: readonly string[]): OperationDocument => ({
  operationId,
  tags: ['reference'],
  summary,
  isPublic: true,
  responses: {
    '200': {
      description: 'The document',
      content: Object.fromEntries(mediaTypes.map((type) => [type, { schema: {} }])),
    },
  },
  problems: [],
});

const assetFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
/** The only files that are served; the page asks for nothing from anywhere else. */
const assets: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const start = `const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#reference', deepLinking: true, persistAuthorization: false });`;

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Chorda API</title>
<link rel="stylesheet" href="/reference/swagger-ui.css">
<link rel="icon" type="image/png" href="/reference/favicon-32x32.png">
</head>
<body>
<div id="reference"><noscript>The API is described in <a href="/openapi.json">/openapi.json</a> and
<a href="/asyncapi.json">/asyncapi.json</a>.</noscript></div>
<script src="/reference/swagger-ui-bundle.js"></script>
<script src="/reference/start.js"></script>
</body>
</html>
`;

const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The contracts and a page to read them with. */
@Controller()
export class ReferenceController {
  constructor(
    private readonly documents: ApiDocuments,
    private readonly authenticator: Authenticator,
  ) {}

  @Get()
  @Public()
  @Documented(document('reference', 'This reference as a page', 'text/html'))
  page(@Res() reply: FastifyReply): void {
    void reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8').send(page);
  }

  @Get('openapi.json')
  @Public()
  @Documented(document('openapi', 'This API as OpenAPI 3.1', 'application/json'))
  openApi(@Res() reply: FastifyReply): void {
    void reply.type('application/json; charset=utf-8').send(this.documents.openApi);
  }

  @Get('asyncapi.json')
  @Public()
  @Documented(document('asyncapi', 'Topics, event types and their schemas as AsyncAPI 3', 'application/json'))
  async asyncApi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const tenant = await this.tenantOf(request);
    void reply
      .type('application/json; charset=utf-8')
      .header('vary', 'authorization')
      .send(this.documents.asyncApi(tenant));
  }

  /** The document is public; who says who they are sees the types of their own tenant too. */
  private async tenantOf(request: FastifyRequest): Promise<TenantId | undefined> {
    const [, token] = /^Bearer (\S{8,9000})$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) return undefined;
    const credential = await this.authenticator.credentialOf(token).catch(() => undefined);
    return credential?.tenantId;
  }

  @Get('reference/:asset')
  @Public()
  @Documented({
    ...document('referenceAsset', 'A file of the page', 'text/javascript', 'text/css', 'image/png'),
    parameters: [{ name: 'asset', in: 'path', required: true, schema: { enum: [...Object.keys(assets), 'start.js'] } }],
    problems: ['NOT_FOUND'],
  })
  async asset(@Param('asset') name: string, @Res() reply: FastifyReply): Promise<void> {
    void reply.header('cache-control', 'public, max-age=3600');
    if (name === 'start.js') return void reply.type('text/javascript; charset=utf-8').send(start);
    const mediaType = Object.hasOwn(assets, name) ? assets[name] : undefined;
    if (mediaType === undefined) throw new Problem('NOT_FOUND', 'There is no such file');
    void reply.type(mediaType).send(await readFile(join(assetFolder, name)));
  }
}
