/**
 * Who may import whom. `core` knows nobody; what stands on it knows no sibling, except where listed.
 * Tests, end-to-end tests and benches may reach for everything, `testkit` included.
 */
const TESTS = '(\\.test\\.tsx?$|\\.test-d\\.ts$|/test/|/e2e/|^bench/)';

const MAY_IMPORT = {
  core: [],
  device: ['core'],
  server: ['core'],
  rest: ['core', 'device'],
  react: ['core', 'device'],
  'tanstack-query': ['core', 'device'],
  cli: ['core', 'device', 'server'],
  testkit: ['core', 'device', 'server'],
};

const edges = Object.entries(MAY_IMPORT).map(([name, allowed]) => ({
  name: `edges-of-${name}`,
  comment: `${name} stands on ${allowed.length > 0 ? allowed.join(', ') : 'nothing of ours'}: any other edge would tie together what can be understood, tested and shipped alone.`,
  severity: 'error',
  from: { path: `^packages/${name}/`, pathNot: TESTS },
  to: { path: '^(packages|apps)/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...edges,
    {
      name: 'edges-of-fieldbook',
      comment:
        'An app stands on core, device and react, like the apps of others: what it needs beyond, they would miss.',
      severity: 'error',
      from: { path: '^apps/fieldbook/', pathNot: TESTS },
      to: { path: '^packages/', pathNot: '^packages/(core|device|react|cli)/' },
    },
    {
      name: 'app-to-cli-by-type',
      comment:
        'What runs in the browser takes types from the command line and nothing else; only the configuration runs beside it.',
      severity: 'error',
      from: { path: '^apps/fieldbook/src/', pathNot: TESTS },
      to: { path: '^packages/cli/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'In a cycle nobody can say which file comes first, and one file cannot be read without all.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-own-index',
      comment: 'index.ts is for outsiders. Inside a package it would make every file depend on every other.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: { path: '^packages/$1/src/index\\.ts$' },
    },
    {
      name: 'no-way-around-exports',
      comment: 'A package is entered through its exports, not by a relative path into its sources.',
      severity: 'error',
      from: { path: '^(?:packages|apps)/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere is one this check cannot see past.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.tests.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@holdfast/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
