// The import rules of the architecture. Sources are read as TypeScript, types included: a type that crosses a border
// ties two parts together as much as a value does.

/** Workspaces that may be imported from a library or an app, beside itself. */
const mayImport = {
  'libs/kernel': [],
  'libs/contracts': ['libs/kernel'],
  'libs/domain': ['libs/kernel', 'libs/contracts'],
  'libs/messaging': ['libs/kernel', 'libs/contracts'],
  'libs/decisions': [
    'libs/kernel',
    'libs/contracts',
    'libs/domain',
    'libs/messaging',
    'libs/read-models',
    'libs/platform',
  ],
  'libs/read-models': ['libs/kernel', 'libs/contracts'],
  'libs/platform': ['libs/kernel'],
  'libs/outbound': ['libs/kernel'],
  'libs/workflows': ['libs/kernel', 'libs/domain', 'libs/platform'],
  'libs/work': [
    'libs/kernel',
    'libs/contracts',
    'libs/domain',
    'libs/messaging',
    'libs/decisions',
    'libs/read-models',
    'libs/platform',
  ],
  'libs/client': [],
  'libs/testing': [
    'libs/kernel',
    'libs/contracts',
    'libs/domain',
    'libs/messaging',
    'libs/read-models',
    'libs/workflows',
    'deploy/native',
  ],
};

const specs = '[.]spec[.]ts$';
const sources = (...folders) => folders.map((folder) => `^${folder}/`);

const borders = Object.entries(mayImport).map(([from, to]) => ({
  name: `${from.replace('libs/', '')}-imports-only-below`,
  comment: `${from} may import ${to.length === 0 ? 'no other workspace' : to.join(', ')}`,
  severity: 'error',
  from: { path: `^${from}/src/`, pathNot: [specs, '/test-support/'] },
  to: { path: sources('libs', 'apps', 'deploy', 'bench'), pathNot: sources(from, ...to) },
}));

export default {
  forbidden: [
    ...borders.filter(({ name }) => !name.startsWith('client-')),
    {
      name: 'client-imports-only-types-of-contracts',
      comment: 'The client runs in a browser: no codec, no Node module; of the contracts it takes types alone',
      severity: 'error',
      from: { path: '^libs/client/src/', pathNot: specs },
      to: { path: sources('libs', 'apps', 'deploy', 'bench'), pathNot: sources('libs/client', 'libs/contracts') },
    },
    {
      name: 'client-imports-no-code-of-contracts',
      severity: 'error',
      from: { path: '^libs/client/src/', pathNot: specs },
      to: { path: '^libs/contracts/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'client-imports-no-node-module',
      severity: 'error',
      from: { path: '^libs/client/src/', pathNot: specs },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'apps-never-import-each-other',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: specs },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'specs-of-apps-import-no-other-app-but-the-simulated-model',
      severity: 'error',
      from: { path: '^apps/([^/]+)/.*[.]spec[.]ts$' },
      to: { path: '^apps/', pathNot: ['^apps/$1/', '^apps/model-simulator/src/index[.]ts$'] },
    },
    {
      name: 'only-the-native-stack-imports-apps',
      comment: 'It runs all of them in one process; the benchmarks measure them',
      severity: 'error',
      from: { pathNot: sources('apps', 'deploy/native', 'bench') },
      to: { path: '^apps/' },
    },
    {
      name: 'testing-is-for-specs',
      severity: 'error',
      from: {
        pathNot: [specs, '^libs/testing/', '^bench/', '/conformance/', '[.]test-support[.]ts$', '/test-support/'],
      },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'the-published-testing-kit-needs-no-server',
      comment: 'Whoever tests a workflow installs neither Postgres nor our own stack',
      severity: 'error',
      from: { path: '^libs/testing/src/workflows/', pathNot: specs },
      to: {
        pathNot: [
          '^libs/testing/src/workflows/',
          ...sources('libs/kernel', 'libs/domain', 'libs/workflows'),
          '^(node:)?(fs|util)$',
        ],
      },
    },
    {
      name: 'kafka-clients-only-in-messaging',
      comment: 'Everybody else speaks the port; the benchmarks run the plain client as the rival',
      severity: 'error',
      from: { pathNot: sources('libs/messaging', 'bench') },
      to: { path: 'node_modules/(kafkajs|@platformatic/kafka|@confluentinc/kafka-javascript)/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'No framework, no driver, no clock, no chance: time and ids arrive in the command',
      severity: 'error',
      from: { path: '^libs/domain/src/', pathNot: specs },
      to: { pathNot: sources('libs/domain', 'libs/kernel', 'libs/contracts') },
    },
    {
      name: 'kernel-imports-no-framework',
      severity: 'error',
      from: { path: '^libs/(kernel|contracts)/src/', pathNot: specs },
      to: { path: 'node_modules/(@nestjs|kafkajs|pg|typeorm|ioredis|fastify)/' },
    },
    {
      name: 'libs-meet-through-their-index',
      severity: 'error',
      from: { path: '^(libs|apps|deploy|bench)/([^/]+)/', pathNot: specs },
      to: {
        path: '^libs/[^/]+/src/',
        pathNot: ['^libs/$2/src/', '/index[.]ts$', '^libs/testing/src/global-setup[.]ts$'],
      },
    },
    {
      name: 'no-cycles',
      comment: 'Types may refer to each other; code that runs at import may not',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolved-import',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['chorda-source', 'import', 'node', 'default', 'types'],
    },
  },
};
