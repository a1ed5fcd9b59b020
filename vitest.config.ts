import { defineConfig } from 'vitest/config';

// In CI the results are also written as JSON, from which .ci/run takes its last line.
const inCi = process.env['CI'] !== undefined && process.env['CI'] !== '';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: inCi ? ['default', 'json'] : ['default'],
    outputFile: { json: 'test-results.json' },
  },
});
