import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/campaign/**', 'node_modules/**'],
    testTimeout: 20_000,
    hookTimeout: 40_000,
    // What a file loads is warm for the next; each closes what it opened and takes back what it replaced.
    isolate: false,
    // Vitest would keep one of two cores free; and a third file works while two wait.
    maxWorkers: 3,
  },
});
