import { listOf, membersOf, notValid, type Members, type OpenApiDocument, type Operation } from './openapi-document.js';

/** Where the operation is: the first server that is named, from where the document was found. */
export function serverOf(document: OpenApiDocument, operation: Operation, documentUrl: URL): string {
  const text =
    document.version === '2' ? addressOf2(document.root, operation, documentUrl) : addressOf3(document, operation);
  if (!URL.canParse(text, documentUrl.href)) throw notValid(`its server ${text.slice(0, 200)} is no URL`);
  const url = new URL(text, documentUrl);
  url.search = '';
  url.hash = '';
  return url.href;
}

function addressOf2({ host, basePath, schemes }: Members, { operation }: Operation, documentUrl: URL): string {
  const named = listOf(operation['schemes'] ?? schemes).filter((each) => each === 'https' || each === 'http');
  const own = documentUrl.protocol.slice(0, -1);
  const scheme = named.length === 0 ? own : named.includes('https') ? 'https' : 'http';
  const server = typeof host === 'string' && host !== '' ? host : documentUrl.host;
  const path = typeof basePath === 'string' ? basePath.replace(/^\/*/, '/') : '/';
  return `${scheme}://${server}${path}`;
}

function addressOf3({ root }: OpenApiDocument, { operation, pathItem }: Operation): string {
  const [first] = [operation, pathItem, root].flatMap(({ servers }) => listOf(servers).slice(0, 1));
  const { url, variables } = membersOf(first);
  if (typeof url !== 'string') return '/';
  return url.replaceAll(/\{([^{}]+)\}/g, (_whole, name: string) => {
    const value = membersOf(membersOf(variables)[name])['default'];
    if (typeof value !== 'string') throw notValid(`the variable ${name} of its server has no default`);
    return value;
  });
}
