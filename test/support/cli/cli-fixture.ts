/** An operator's desk: a local stack in memory, a folder with its endpoints file, and `hawser` run in it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { run } from '../../../infra/cli/run.ts';
import type { Input, Io } from '../../../infra/cli/terminal/io.ts';
import { startLocalStack } from '../../../infra/local/stack/local-stack.ts';
import { localNames, localQueueUrls } from '../../../infra/local/stack/provision.ts';
import { appSecretPrefix } from '../../../infra/topology.ts';
import { openTable } from '../../../lib/table/table.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own, taken away at the end. */
export function openFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-cli-'));
  return {
    folder,
    write(path: string, value: unknown): void {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), typeof value === 'string' ? value : JSON.stringify(value));
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs `hawser` in this process. Standard input is a pipe unless it is given as a terminal. */
export async function runIn(
  folder: string,
  argv: readonly string[],
  stdin: string | Input = '',
  overrides: Partial<Io> = {},
): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const code = await run(argv, {
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    environment: {},
    folder,
    now: () => Date.now(),
    fetch: (input, init) => fetch(input, init),
    ...overrides,
  });
  return { code, stdout, stderr };
}

export async function openCliFixture() {
  const place = openFolder();
  const stack = await startLocalStack({
    port: 0,
    environment: {},
    now: () => Date.now(),
    onOutput: () => undefined,
  });
  const platforms = Object.fromEntries(
    Object.entries(stack.platforms.sandboxes).map(([name, { origin }]) => [name, origin]),
  );
  const endpoints = { apiUrl: stack.apiUrl, platforms, aws: stack.endpoints };
  place.write('.local/endpoints.json', endpoints);
  const { region } = stack.aws;
  const credentials = { accessKeyId: 'test', secretAccessKey: 's4ndb0x' };
  const kms = new KMSClient({ region, credentials, endpoint: stack.endpoints.kms });
  const secrets = new SecretsManagerClient({ region, credentials, endpoint: stack.endpoints.secretsmanager });

  const dynamoDb = new DynamoDBClient({ region, credentials, endpoint: stack.endpoints.dynamodb });
  const sqs = new SQSClient({
    region,
    credentials,
    endpoint: stack.endpoints.sqs,
    useQueueUrlAsEndpoint: false,
  });

  async function readSecret(id: string): Promise<Readonly<Record<string, string>>> {
    const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: id }));
    return JSON.parse(SecretString);
  }

  /** Where `start` sends the browser, which keeps the cookie it is given. */
  async function authorizationUrl(
    key: string,
    provider: string,
    userId: string,
    cookies = new Headers(),
  ): Promise<string> {
    const { authUrl } = await call(key, `connect/${provider}`, { userId });
    const { location, cookie } = await redirect(String(authUrl), cookies);
    cookies.set('cookie', cookie);
    return location;
  }

  async function call(key: string, path: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${stack.apiUrl}/integrations/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(120_000),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return z.record(z.string(), z.unknown()).parse(await answer.json());
  }

  return {
    stack,
    endpoints,
    sqs,
    /** The table of connections, past the product. */
    table: openTable(dynamoDb, localNames.connectionsTable),
    queueUrls: localQueueUrls(stack.endpoints.sqs),
    folder: place.folder,
    hawser: (argv: string, stdin?: string | Input) => runIn(place.folder, words(argv), stdin),
    /** The JSON a command prints; the command must succeed. */
    async json(argv: string, stdin?: string): Promise<unknown> {
      const ran = await runIn(place.folder, [...words(argv), '--json'], stdin);
      if (ran.code !== 0) throw new Error(`hawser ${argv} failed: ${ran.stderr}`);
      return JSON.parse(ran.stdout);
    },
    /** A secret of the stack, by its name. */
    readSecret,
    /** The secret of the app of a context. */
    secretOf: (appId: string) => readSecret(`${appSecretPrefix}${appId}`),
    authorizationUrl,
    /** Connects one account for a user: the browser does what `consent` does on the platform's page. */
    async connect(
      key: string,
      provider: string,
      userId: string,
      consent: (authorizationUrl: string) => Promise<string>,
    ): Promise<void> {
      const cookies = new Headers();
      const callback = await consent(await authorizationUrl(key, provider, userId, cookies));
      const back = new URL((await redirect(callback, cookies)).location);
      await call(key, 'complete', {
        flow: back.searchParams.get('flow'),
        completion: back.searchParams.get('completion'),
        userId,
      });
    },
    /** How the API answers a call with this key. */
    async statusWith(apiKey: string): Promise<number> {
      const answer = await fetch(`${stack.apiUrl}/integrations/providers`, {
        headers: { authorization: `Bearer ${apiKey}` },
        signal: AbortSignal.timeout(120_000),
      });
      await answer.body?.cancel();
      return answer.status;
    },
    /** The ARN of a key that a tenant could bring. */
    async makeKmsKey(): Promise<string> {
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
      return KeyMetadata?.Arn ?? '';
    },
    async close() {
      for (const client of [dynamoDb, kms, secrets, sqs]) client.destroy();
      await stack.close();
      place[Symbol.dispose]();
    },
  };
}

export type CliFixture = Awaited<ReturnType<typeof openCliFixture>>;

async function redirect(url: string, headers: Headers) {
  const answer = await fetch(url, { redirect: 'manual', headers, signal: AbortSignal.timeout(120_000) });
  const location = answer.headers.get('location');
  if (location === null) throw new Error(`${answer.status} in place of a redirect: ${await answer.text()}`);
  return { location, cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
}

/** Splits at blanks but inside double quotes. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
