/**
 * Replaces modules of the SDK that a function on Lambda never needs or can load faster: credential sources other than
 * the environment, the instance metadata service, event streams, the slow import of `node:http`.
 */
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import type { Plugin } from 'esbuild';

interface Substitute {
  readonly name: string;
  /** Matches the import to replace. */
  readonly of: RegExp;
  /**
   * The source of the replacement module. Its imports resolve from the original's folder. The build fails if a name that
   * somebody imports is missing from it.
   */
  readonly by: string | ((original: string) => Promise<string>);
}

const substitutes: readonly Substitute[] = [
  {
    // Lambda gives credentials in the environment. The default chain asks there first and would bring single sign-on,
    // profiles, processes and metadata along, 130 kB that can only answer where the environment does not. An instance's
    // environment never changes, so it is read once and not for each call.
    name: 'environment-credentials',
    of: /^@aws-sdk\/credential-provider-node$/,
    by: `import { fromEnv } from '@aws-sdk/credential-provider-env';
export function defaultProvider(options) {
  const read = fromEnv(options);
  let credentials;
  return () => (credentials ??= read());
}`,
  },
  {
    // Lambda always sets AWS_REGION, so that the metadata service, which it does not have, is never asked.
    name: 'no-metadata-region',
    of: /\/getInstanceMetadataRegion$/,
    by: 'export const getInstanceMetadataRegion = async () => undefined;',
  },
  {
    // Nor has it AWS's configuration files, for which every client would look while its first request waits.
    name: 'no-configuration-files',
    of: /\/loadSharedConfigFiles$/,
    by: `export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });
export const CONFIG_PREFIX_SEPARATOR = '.';`,
  },
  {
    // An ESM import of node:http reads each of its exports, one of which loads all of undici: 12-25 ms, against
    // 0.1 ms this way (https://github.com/nodejs/node/issues/59686).
    name: 'direct-http',
    of: /^node:http$/,
    by: [
      "const http = process.getBuiltinModule('node:http');",
      'export default http;',
      'export const { Agent, STATUS_CODES, request } = http;',
    ].join('\n'),
  },
  {
    // No service we call has event streams. As the SDK loads them when first needed, esbuild would wrap all that they
    // share with the rest in functions: 20 kB in all.
    name: 'no-event-streams',
    of: /^@smithy\/core\/event-streams$/,
    by: `export const eventStreamSerdeProvider = undefined;
export class EventStreamSerde {
  constructor() {
    throw new Error('Event streams are left out of this bundle.');
  }
}`,
  },
  {
    // DynamoDB's client makes a cache for discovered endpoints, which none of its commands uses: 8 kB.
    name: 'no-endpoint-cache',
    of: /^@aws-sdk\/endpoint-cache$/,
    by: 'export class EndpointCache {}',
  },
  {
    // The clients name their version in the user agent; the rest of their package.json is 2 kB for each.
    name: 'version-only',
    of: /^\.\.\/package\.json$/,
    by: async (original) => {
      const { version }: { version?: unknown } = JSON.parse(await readFile(original, 'utf8'));
      return `export default { version: ${JSON.stringify(version)} };`;
    },
  },
];

/** Resolves the imports above to their substitutes, in every file of the bundle. */
export const lambdaOnly: Plugin = {
  name: 'lambda-only',
  setup(build) {
    // Source maps name modules by path; one from the project's root is the same on every machine.
    const root = build.initialOptions.absWorkingDir ?? '.';
    for (const { name, of, by } of substitutes) {
      build.onResolve({ filter: of }, async ({ path, ...from }) => {
        if (from.pluginData === name) return undefined;
        const original = await build.resolve(path, { ...from, pluginData: name });
        if (original.errors.length > 0) return { errors: original.errors };
        return original.external
          ? { path, namespace: name }
          : { path: relative(root, original.path), namespace: name };
      });
      build.onLoad({ filter: /.*/, namespace: name }, async ({ path }) => {
        const original = resolve(root, path);
        return { contents: typeof by === 'string' ? by : await by(original), resolveDir: dirname(original) };
      });
    }
  },
};
