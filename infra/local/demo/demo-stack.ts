/** What the scenes play on: a local stack in a temporary folder on free ports, and an application with a return page and an inbox. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Wanted } from '../../../lib/admin/connections/connections.ts';
import type { Connection } from '../../../lib/connections/connection.ts';
import { Secret } from '../../../lib/telemetry/secret.ts';
import { run } from '../../cli/run.ts';
import { type LocalStack, startLocalStack } from '../stack/local-stack.ts';
import { freePort } from '../stack/ports.ts';
import { type Application, createApplication } from './application.ts';
import { type Browser, openBrowser } from './browser.ts';
import { type Caller, createCaller } from './http-caller.ts';
import { listenIn, type Received } from './received.ts';
import { returnPath, startDemoApp } from './tenant/demo-app.ts';
import { inboxPath, openInbox } from './tenant/demo-inbox.ts';
import { StepFailed, type Transcript } from './transcript.ts';

export interface DemoStackOptions {
  readonly transcript: Transcript;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly fetch: typeof fetch;
  /** Called for each line that a function writes. */
  readonly onOutput: (functionName: string, line: string) => void;
}

export interface DemoStack {
  readonly transcript: Transcript;
  readonly apiUrl: string;
  /** Origins of the sandbox platforms' consent pages. */
  readonly platforms: Readonly<Record<'tiktok' | 'reddit', string>>;
  /** The sandbox platforms, through which a scene makes something happen there. */
  readonly sandboxes: LocalStack['platforms']['sandboxes'];
  readonly application: Application;
  readonly returnUrl: string;
  /** The requests that Hawser has sent to the application's inbox so far, with the responses. */
  readonly received: () => readonly Received[];
  /** A caller without any credentials. */
  readonly stranger: Caller;
  /** Opens a browser without cookies. */
  readonly browser: () => Browser;
  /** Runs an operator command, prints its output, and returns its standard output. */
  readonly hawser: (...argv: readonly string[]) => Promise<string>;
  /** Runs a scheduled function now. */
  readonly runSchedule: LocalStack['runSchedule'];
  /** Makes a connection due now, and returns it. */
  readonly makeDue: LocalStack['operator']['makeDue'];
  /** Reads a connection as the operator sees it, without printing it; `undefined` when it was deleted. */
  readonly findConnection: (wanted: Wanted) => Promise<Connection | undefined>;
  /** Polls until `find` returns something. @throws StepFailed when that takes too long. */
  readonly waitFor: <Found>(find: () => Promise<Found | undefined>) => Promise<Found>;
  readonly close: () => Promise<void>;
}

/** The demo's tenant: a bakery's website. */
export const tenantId = 'bakery';

export async function openDemoStack({ transcript, ...options }: DemoStackOptions): Promise<DemoStack> {
  const deps = new AsyncDisposableStack();
  try {
    const folder = deps.adopt(mkdtempSync(join(tmpdir(), 'hawser-demo-')), async (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const returnPort = await freePort();
    const returnOrigin = `http://127.0.0.1:${returnPort}`;
    const returnUrl = `${returnOrigin}${returnPath}`;
    const stack = deps.adopt(
      await startLocalStack({ ...options, folder: join(folder, 'data'), port: 0, returnOrigin }),
      (running) => running.close(),
    );
    const { apiUrl, operator } = stack;
    const { sandboxes } = stack.platforms;
    const { tiktok, reddit } = sandboxes;
    const platforms = { tiktok: tiktok.origin, reddit: reddit.origin };
    mkdirSync(join(folder, '.local'));
    const endpoints = JSON.stringify({ apiUrl, platforms, returnUrl, aws: stack.endpoints });
    writeFileSync(join(folder, '.local', 'endpoints.json'), endpoints, { mode: 0o600 });

    const hawser = async (...argv: readonly string[]) => {
      let printed = '';
      let said = '';
      const code = await run(argv, {
        ...options,
        folder,
        stdin: Readable.from([]),
        stdout: { write: (text) => (printed += text) },
        stderr: { write: (text) => (said += text) },
      });
      // The commands print a secret on a line of its own.
      const shown = (code === 0 ? printed : said).replace(/^(?:hwk|whsec)_\S+$/m, transcript.mask.secret);
      transcript.command(lineOf(argv), shown);
      if (code !== 0) throw new StepFailed('The command succeeds.');
      return printed;
    };

    transcript.say(`Hawser is running at ${apiUrl}. Its operator registers an application:`);
    await hawser('tenant', 'create', tenantId, '--name', "Ada's Bakery");
    await hawser('return-url', 'add', tenantId, returnUrl);
    const apiKey = (await hawser('key', 'create', tenantId, '--label', 'website')).trim();
    const inboxUrl = `${returnOrigin}${inboxPath}`;
    const secret = new Secret((await hawser('destination', 'add', tenantId, inboxUrl)).trim());
    const { inbox, received } = listenIn(openInbox(options.now), inboxUrl);
    inbox.trust(secret);
    deps.adopt(
      await startDemoApp({
        port: returnPort,
        api: () => ({ url: apiUrl, key: apiKey }),
        fetch: options.fetch,
        inbox,
      }),
      (running) => running.close(),
    );
    return {
      transcript,
      apiUrl,
      platforms,
      sandboxes,
      returnUrl,
      received,
      stranger: createCaller('stranger', transcript, options.fetch),
      application: createApplication(createCaller('application', transcript, options.fetch), apiUrl, apiKey),
      browser: () => openBrowser(createCaller('browser', transcript, options.fetch)),
      hawser,
      runSchedule: (name) => stack.runSchedule(name),
      makeDue: operator.makeDue,
      findConnection: async ({ tenantId: tenant, provider, accountId }) => {
        const connections = await operator.listConnections(tenant);
        return connections.find((one) => one.provider === provider && one.accountId === accountId);
      },
      waitFor,
      close: () => deps.disposeAsync(),
    };
  } catch (error) {
    await deps.disposeAsync();
    throw error;
  }
}

const waitMilliseconds = 20_000;
const pollMilliseconds = 50;

async function waitFor<Found>(find: () => Promise<Found | undefined>): Promise<Found> {
  for (let waited = 0; waited < waitMilliseconds; waited += pollMilliseconds) {
    const found = await find();
    if (found !== undefined) return found;
    await sleep(pollMilliseconds);
  }
  throw new StepFailed('The background work finishes within seconds.');
}

function lineOf(argv: readonly string[]): string {
  return ['hawser', ...argv.map((word) => (/[\s']/.test(word) ? `"${word}"` : word))].join(' ');
}
