/** The files that Lambda gets: small, complete by themselves, and the same in effect as the sources. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bundleEntries, type EntryBundle } from '../../infra/bundle/bundle-entries.ts';
import { lambdaOnly } from '../../infra/bundle/lambda-only.ts';
import { type BundleReport, bundleFunctions, bundling } from '../../infra/bundle.ts';
import { functions } from '../../infra/topology.ts';
import { type FunctionName, functionSettings, isOptional, variableOf } from '../../lib/config.ts';
import { openApi } from '../../lib/contract/open-api.ts';
import { event } from '../support/gateway-event.ts';

const root = resolve(import.meta.dirname, '../..');
const names = Object.keys(functions) as FunctionName[];
const limitBytes = 420_000;
const run = promisify(execFile);

/** As Lambda sets them for every function. */
const lambdaVariables = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIAS4NDB0X',
  AWS_SECRET_ACCESS_KEY: 's4ndb0x-secret',
  AWS_SESSION_TOKEN: 's4ndb0x-session',
};
/** Fits every setting that must be set: an address is a name, an id and a URL. */
const anySetting = 'https://connect.example.com';

const openApiEvent = { ...event(), rawPath: '/openapi.json' };

let folder: string;
let report: BundleReport;

beforeAll(async () => {
  // Outside the project, where no node_modules is near.
  folder = await mkdtemp(join(tmpdir(), 'hawser-bundles-'));
  report = await bundleFunctions({ outputFolder: join(folder, 'functions') });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(names)('the bundle of %s', (name) => {
  it('is small', () => {
    expect(bundle(name).bytes).toBeGreaterThan(10_000);
    expect(bundle(name).bytes).toBeLessThanOrEqual(limitBytes);
  });

  it('loads by itself, with its own settings alone, and exports its handler and nothing else', async () => {
    const script = `
      const loaded = await import(${JSON.stringify(pathToFileURL(bundle(name).file).href)});
      const lateModules = process.moduleLoadList.filter((name) => name.includes('undici'));
      console.log(JSON.stringify([Object.entries(loaded).map(([name, value]) => [name, typeof value]), lateModules]));`;

    const { stdout, stderr } = await runNode(script, settingsOf(name));

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([[['handler', 'function']], []]);
  });

  it('leaves out what only other places than Lambda need', async () => {
    const text = await readFile(bundle(name).file, 'utf8');

    const elsewhere =
      /169\.254\.169\.254|169\.254\.170\.2|fd00:ec2|portal\.sso|oidc\.[$a-z]|signin\.aws|node:child_process/;
    expect(elsewhere.exec(text)?.[0]).toBeUndefined();
    expect(/(?:from|import\()\s*"node:http"/.exec(text)?.[0]).toBeUndefined();
    const needless =
      /^(?![a-z-]+:).*node_modules\/@[a-z-]+\/(?:credential-provider-(?!env)|nested-clients|token-providers)|\/locales\/|legacy-token|^(?:infra|test)\//;
    expect(bundle(name).sources.filter((source) => needless.test(source))).toEqual([]);
  });

  it('has its source map beside it, without the sources', async () => {
    const map: unknown = JSON.parse(await readFile(`${bundle(name).file}.map`, 'utf8'));

    expect(map).not.toHaveProperty('sourcesContent');
    expect(map).toHaveProperty(
      'sources',
      expect.arrayContaining([expect.stringContaining(`functions/${name}.ts`)]),
    );
  });
});

describe('the bundle that serves openapi.json', () => {
  it('holds the finished document of the contract, and nothing that generates it', async () => {
    const script = `
      const { handler } = await import(${JSON.stringify(pathToFileURL(bundle('health').file).href)});
      const { body } = await handler(${JSON.stringify(openApiEvent)}, {});
      console.log(body);`;

    const { stdout } = await runNode(script, settingsOf('health'));

    // The last line; the one before is the log of the request.
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(JSON.stringify(openApi(anySetting)));
    const generator = /\/to-json-schema|json-schema-processors|(?:flow|connection|webhook)-routes/;
    expect(bundle('health').sources.filter((source) => generator.test(source))).toEqual([]);
  });
});

describe('a function that loads its platforms by import()', () => {
  it('starts with the same file, but for their names, whatever they hold, and loads one when it is needed', async () => {
    const few = await bundlePlatforms(3, 'small');
    const many = await bundlePlatforms(30, 'x'.repeat(20_000));

    expect(few.lazy.length).toBe(3);
    expect(many.lazy.length).toBe(30);
    expect(many.bytes - few.bytes).toBeLessThan(27 * 100);
    expect(few.sources.some((source) => source.includes('platform-1.ts'))).toBe(false);
    const script = `const { handler } = await import(${JSON.stringify(pathToFileURL(many.file).href)});
      console.log(await handler('platform-7'));`;
    expect((await runNode(script, {})).stdout).toBe('platform-7 of 20000, of the same class\n');
  });

  it('has a source map beside the entry and beside each chunk, and nothing that no import leads to', async () => {
    const { file, lazy } = await bundlePlatforms(3, 'small');

    const files = await readdir(dirname(file), { recursive: true, withFileTypes: true });
    const scripts = files.filter((each) => each.name.endsWith('.mjs')).map(({ name }) => name);
    const maps = files.filter((each) => each.name.endsWith('.map')).map(({ name }) => name);
    expect(maps.toSorted()).toEqual(scripts.map((name) => `${name}.map`).toSorted());
    // What the entry and its chunks share is a file of its own.
    expect(scripts.length).toBe(1 + 1 + lazy.length);
  });
});

describe("the SDK's substitutes", () => {
  it.each([
    ['session credentials', {}],
    [
      'credentials with all that may come along',
      {
        AWS_CREDENTIAL_EXPIRATION: '2030-01-02T03:04:05Z',
        AWS_CREDENTIAL_SCOPE: 'us-east-1',
        AWS_ACCOUNT_ID: '111122223333',
      },
    ],
  ])('give the same as the SDK: %s', async (_, variables) => {
    const entry = `import { KMSClient } from '@aws-sdk/client-kms';
      const { config } = new KMSClient({});
      console.log(JSON.stringify([await config.credentials(), await config.region()]));`;

    const [ours, theirs] = await Promise.all(
      [await bundleEntry(entry, 'ours'), await bundleEntry(entry, 'theirs')].map((script) =>
        runNode(script, variables),
      ),
    );

    expect(ours?.stdout).toContain('s4ndb0x-session');
    expect(ours?.stdout).toBe(theirs?.stdout);
  });

  it('find no credentials where Lambda gives none', async () => {
    const script = await bundleEntry(
      `import { KMSClient } from '@aws-sdk/client-kms';
      await new KMSClient({}).config.credentials();`,
      'ours',
    );

    await expect(runNode(script, { AWS_ACCESS_KEY_ID: '' })).rejects.toThrow('CredentialsProviderError');
  });

  it('reach an endpoint over plain http, such as one on this machine', async () => {
    const userAgents: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      userAgents.push(headers['user-agent']);
      response.setHeader('content-type', 'application/x-amz-json-1.1').end('{"Keys":[{"KeyId":"found"}]}');
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const script = await bundleEntry(
      `import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
      const { Keys } = await new KMSClient({}).send(new ListKeysCommand({}));
      console.log(Keys[0].KeyId);`,
      'ours',
    );

    const { stdout } = await runNode(script, { AWS_ENDPOINT_URL_KMS: `http://127.0.0.1:${port}` });

    expect(stdout).toBe('found\n');
    expect(userAgents).toEqual([expect.stringMatching(/^aws-sdk-js\/3\.\d+\.\d+ .*api\/kms#3\.\d+\.\d+/)]);
  });
});

/** A function with so many platforms, each with a text of its own, which share a class with it. */
async function bundlePlatforms(count: number, text: string): Promise<EntryBundle> {
  const place = join(folder, `platforms-${count}-${crypto.randomUUID()}`);
  const ids = Array.from({ length: count }, (_, number) => `platform-${number}`);
  await mkdir(place);
  await writeFile(
    join(place, 'shared.ts'),
    'export class Platform { constructor(id, text) { this.id = id; this.text = text; } }',
  );
  for (const id of ids) {
    await writeFile(
      join(place, `${id}.ts`),
      `import { Platform } from './shared.ts';\nexport const platform = new Platform('${id}', '${text}');`,
    );
  }
  await writeFile(
    join(place, 'entry.ts'),
    `import { Platform } from './shared.ts';
    const platforms = { ${ids.map((id) => `'${id}': () => import('./${id}.ts')`).join(', ')} };
    export const handler = async (id) => {
      const { platform } = await platforms[id]();
      const kind = platform instanceof Platform ? 'the same class' : 'another class';
      return \`\${platform.id} of \${platform.text.length}, of \${kind}\`;
    };`,
  );
  const { only } = await bundleEntries({
    entries: { only: join(place, 'entry.ts') },
    outputFolder: join(place, 'out'),
    root: place,
    bundling,
  });
  if (!only) throw new Error('There is no bundle.');
  return only;
}

function settingsOf(name: FunctionName): Record<string, string> {
  const needed = functionSettings[name].filter((setting) => !isOptional(setting));
  return Object.fromEntries(needed.map((setting) => [variableOf(setting), anySetting]));
}

function bundle(name: FunctionName): EntryBundle {
  return report[name];
}

/** Runs a module in a process of its own that knows only these variables. */
function runNode(script: string, variables: Readonly<Record<string, string>>) {
  return run(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: folder,
    env: { ...lambdaVariables, ...variables },
    timeout: 180_000,
  });
}

/** A module that runs the given one, bundled with our substitutes or as the SDK comes. */
async function bundleEntry(contents: string, kind: 'ours' | 'theirs'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    plugins: kind === 'ours' ? [lambdaOnly] : [],
    write: false,
  });
  const file = join(folder, `${kind}-${crypto.randomUUID()}.mjs`);
  await writeFile(file, outputFiles[0]?.contents ?? '');
  return `await import(${JSON.stringify(pathToFileURL(file).href)});`;
}
