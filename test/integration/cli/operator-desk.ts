/** An operator's desk: a local stack in memory, a folder with its endpoints file, and `hawser` run in it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { Input, Io } from '../../../infra/cli/io.ts';
import { run } from '../../../infra/cli/run.ts';
import { startLocalStack } from '../../../infra/local/local-stack.ts';

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

export async function openDesk() {
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

  return {
    stack,
    endpoints,
    folder: place.folder,
    hawser: (argv: string, stdin?: string | Input) => runIn(place.folder, words(argv), stdin),
    /** The JSON a command prints; the command must succeed. */
    async json(argv: string, stdin?: string): Promise<unknown> {
      const ran = await runIn(place.folder, [...words(argv), '--json'], stdin);
      if (ran.code !== 0) throw new Error(`hawser ${argv} failed: ${ran.stderr}`);
      return JSON.parse(ran.stdout);
    },
    /** How the API answers a call with this key. */
    async statusWith(apiKey: string): Promise<number> {
      const answer = await fetch(`${stack.apiUrl}/integrations/providers`, {
        headers: { authorization: `Bearer ${apiKey}` },
        signal: AbortSignal.timeout(30_000),
      });
      await answer.body?.cancel();
      return answer.status;
    },
    /** The ARN of a key that a tenant could bring. */
    async makeKmsKey(): Promise<string> {
      const credentials = { accessKeyId: 'tenant', secretAccessKey: 's4ndb0x' };
      const kms = new KMSClient({ region: stack.aws.region, endpoint: stack.endpoints.kms, credentials });
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
      kms.destroy();
      return KeyMetadata?.Arn ?? '';
    },
    async close() {
      await stack.close();
      place[Symbol.dispose]();
    },
  };
}

export type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Splits at blanks but inside double quotes. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
