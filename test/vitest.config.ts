import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/campaign/**', 'node_modules/**'],
    // Catches hangs only: no promise is judged by how long its test takes, so that the suite passes on a loaded machine.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 180_000 } },
    // What a file loads is warm for the next; each closes what it opened and takes back what it replaced.
    isolate: false,
    // Vitest would keep one of two cores free; and a third file works while two wait.
    maxWorkers: 3,
  },
});
