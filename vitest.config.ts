import { defineConfig } from 'vitest/config';

// Tests run on the sources: the packages' own export condition leads there, no build needed. Packages of
// others are loaded by Node itself, under Node's own conditions: some break under a bundler's.
const conditions = ['@holdfast/source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node'] } },
  test: {
    include: ['packages/**/*.test.ts', 'packages/**/*.test.tsx', 'apps/**/*.test.ts', 'scripts/**/*.test.mjs'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
