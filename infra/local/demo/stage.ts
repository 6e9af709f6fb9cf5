/** The stage of the demo: a local stack of its own, in a folder and on ports of its own, and an application with a return page. */
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
import { NotAsTold, type Story } from './story.ts';
import { returnPath, startDemoApp } from './tenant/demo-app.ts';
import { inboxPath, openInbox } from './tenant/demo-inbox.ts';

export interface StageOptions {
  readonly story: Story;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly fetch: typeof fetch;
  /** Called for each line that a function writes. */
  readonly onOutput: (functionName: string, line: string) => void;
}

export interface Stage {
  readonly story: Story;
  readonly apiUrl: string;
  /** Origins of the sandbox platforms' consent pages. */
  readonly platforms: Readonly<Record<'tiktok' | 'reddit', string>>;
  /** The platforms themselves, to have something happen there. */
  readonly sandboxes: LocalStack['platforms']['sandboxes'];
  readonly application: Application;
  readonly returnUrl: string;
  /** What Hawser has sent to the application's inbox so far, and how that answered. */
  readonly received: () => readonly Received[];
  /** Somebody who is nobody's application. */
  readonly stranger: Caller;
  /** A browser that has never been here. */
  readonly browser: () => Browser;
  /** Runs the operator's command and shows what it prints. Answers its standard output. */
  readonly hawser: (...argv: readonly string[]) => Promise<string>;
  /** Starts a function of the clock now, between its times. */
  readonly runSchedule: LocalStack['runSchedule'];
  /** Moves what is next to be done for a connection to now. Answers it as it is. */
  readonly makeDue: LocalStack['operator']['makeDue'];
  /** A connection as the operator sees it, without a word in the story; nothing when it has gone. */
  readonly look: (wanted: Wanted) => Promise<Connection | undefined>;
  /** Looks until there is something. @throws NotAsTold when it takes too long. */
  readonly until: <Found>(look: () => Promise<Found | undefined>) => Promise<Found>;
  readonly close: () => Promise<void>;
}

/** The demo's tenant: a bakery's website. */
export const tenantId = 'bakery';

export async function openStage({ story, ...options }: StageOptions): Promise<Stage> {
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
      // A secret stands alone on its line.
      const shown = (code === 0 ? printed : said).replace(/^(?:hwk|whsec)_\S+$/m, story.mask.secret);
      story.command(lineOf(argv), shown);
      if (code !== 0) throw new NotAsTold('The command succeeds.');
      return printed;
    };

    story.say(`Hawser is running at ${apiUrl}. Its operator lets an application in:`);
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
      story,
      apiUrl,
      platforms,
      sandboxes,
      returnUrl,
      received,
      stranger: createCaller('stranger', story, options.fetch),
      application: createApplication(createCaller('application', story, options.fetch), apiUrl, apiKey),
      browser: () => openBrowser(createCaller('browser', story, options.fetch)),
      hawser,
      runSchedule: (name) => stack.runSchedule(name),
      makeDue: operator.makeDue,
      look: async ({ tenantId: tenant, provider, accountId }) => {
        const connections = await operator.listConnections(tenant);
        return connections.find((one) => one.provider === provider && one.accountId === accountId);
      },
      until,
      close: () => deps.disposeAsync(),
    };
  } catch (error) {
    await deps.disposeAsync();
    throw error;
  }
}

const patienceMilliseconds = 20_000;
const lookEveryMilliseconds = 50;

async function until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  for (let waited = 0; waited < patienceMilliseconds; waited += lookEveryMilliseconds) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(lookEveryMilliseconds);
  }
  throw new NotAsTold('The clock’s work is done in seconds.');
}

function lineOf(argv: readonly string[]): string {
  return ['hawser', ...argv.map((word) => (/[\s']/.test(word) ? `"${word}"` : word))].join(' ');
}
