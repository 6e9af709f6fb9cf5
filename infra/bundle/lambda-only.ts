/**
 * What a bundle leaves out because Lambda never needs it: the ways to credentials beside the environment, the
 * question to the instance's metadata service where this is, and the slow way to `node:http`.
 */
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

interface Substitute {
  readonly name: string;
  /** The import that is answered otherwise. */
  readonly of: RegExp;
  /** The module that takes its place; it resolves its own imports from where the original lies. */
  readonly by: string;
}

const substitutes: readonly Substitute[] = [
  {
    // Lambda gives credentials in the environment. The default chain asks there first and would bring single sign-on,
    // profiles, processes and metadata along, 130 kB that can only answer where the environment does not.
    name: 'environment-credentials',
    of: /^@aws-sdk\/credential-provider-node$/,
    by: `export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';`,
  },
  {
    // Lambda always sets AWS_REGION, so that the metadata service, which it does not have, is never asked.
    name: 'no-metadata-region',
    of: /\/getInstanceMetadataRegion$/,
    by: 'export const getInstanceMetadataRegion = async () => undefined;',
  },
  {
    // An ESM import of node:http reads each of its exports, one of which loads all of undici: 12-25 ms, against
    // 0.1 ms this way (https://github.com/nodejs/node/issues/59686). A name that is missing here fails the build.
    name: 'direct-http',
    of: /^node:http$/,
    by: [
      "const http = process.getBuiltinModule('node:http');",
      'export default http;',
      'export const { Agent, STATUS_CODES, request } = http;',
    ].join('\n'),
  },
];

/** Resolves the imports above to their substitutes, in every file of the bundle. */
export const lambdaOnly: Plugin = {
  name: 'lambda-only',
  setup(build) {
    for (const { name, of, by } of substitutes) {
      build.onResolve({ filter: of }, async ({ path, ...from }) => {
        if (from.pluginData === name) return undefined;
        const original = await build.resolve(path, { ...from, pluginData: name });
        if (original.errors.length > 0) return { errors: original.errors };
        return {
          path,
          namespace: name,
          pluginData: original.external ? from.resolveDir : dirname(original.path),
        };
      });
      build.onLoad({ filter: /.*/, namespace: name }, ({ pluginData }) => ({
        contents: by,
        resolveDir: String(pluginData),
      }));
    }
  },
};
