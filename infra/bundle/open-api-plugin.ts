/**
 * Generates `openapi.json` from the contract while the functions are bundled: the bundle holds the finished document in
 * place of the contract's other routes and the code that turns schemas into JSON Schema.
 */
import type { Plugin } from 'esbuild';
import { openApiDocument } from '../../lib/contract/open-api-document.ts';

export const openApiAtBuildTime: Plugin = {
  name: 'open-api-at-build-time',
  setup(build) {
    build.onLoad({ filter: /[\\/]lib[\\/]contract[\\/]open-api-document\.ts$/ }, () => ({
      // Engines parse JSON faster than an object literal of that size.
      contents: `export const openApiDocument = JSON.parse(${JSON.stringify(JSON.stringify(openApiDocument))});`,
      loader: 'js',
    }));
  },
};
