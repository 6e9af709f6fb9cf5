/**
 * The whole product for one test file: the local stack with real workers, in memory and on free ports. Everything
 * that leaves it (function output, access log, answers to browsers) is kept, so that a test can look for leaks.
 */
import type { Fault } from '../../../infra/local/aws/front/front.ts';
import {
  type LocalStack,
  type LocalStackOptions,
  startLocalStack,
} from '../../../infra/local/stack/local-stack.ts';
import type { PlatformName } from '../../../infra/local/stack/start-platforms.ts';
import { type ApiClient, createApiClient, type OnAnswer, type Success } from './api-client.ts';
import { type Browser, openBrowser, type Page } from './browser.ts';
import { openRawTables, type RawTables } from './raw-tables.ts';

export type { PlatformName };

/** A user of a tenant, and how the API is called for them: by the backend's key, or by their own session. */
export interface User {
  readonly userId: string;
  readonly by: 'apiKey' | 'session';
  readonly client: ApiClient;
  /** How a request names the user: a backend must, a session need not. */
  readonly named: { readonly userId?: string };
}

export interface TestTenant {
  readonly id: string;
  readonly returnUrl: string;
  readonly apiKey: string;
  readonly client: ApiClient;
  user(userId: string): User;
  session(userId: string, limits?: Readonly<Record<string, unknown>>): Promise<User>;
}

/** One call that a function made to AWS, as the front saw it. */
export interface AwsCallSeen {
  readonly principal: string;
  readonly action: string;
  readonly body: unknown;
}

export interface TestStack {
  readonly local: LocalStack;
  readonly apiUrl: string;
  readonly tables: RawTables;
  /** Every line that a function wrote. */
  readonly output: string[];
  /** Every answer that a browser got. */
  readonly pages: Page[];
  /** Every answer that a client of a tenant got. */
  readonly answers: Parameters<OnAnswer>[];
  /** Faults of AWS; set it in a test, it is taken away by `reset`. */
  fault: ((call: AwsCallSeen) => Fault | undefined) | undefined;
  newTenant(settings?: { readonly directLinking?: boolean; readonly name?: string }): Promise<TestTenant>;
  newBrowser(): Browser;
  /** Ends every connection, grant and fault of the test before, so that no test meets another's leavings. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

let tenantsMade = 0;

export async function openTestStack(options: Partial<LocalStackOptions> = {}): Promise<TestStack> {
  const output: string[] = [];
  const pages: Page[] = [];
  const answers: Parameters<OnAnswer>[] = [];
  let fault: TestStack['fault'];
  const local = await startLocalStack({
    port: 0,
    environment: {},
    now: () => Date.now(),
    onOutput: (name, line) => output.push(`${name} ${line}`),
    intercept: (call) => fault?.(call),
    ...options,
  });
  // Tests connect and let go of the same few accounts again and again, faster than platforms tell of it: those that
  // want to be told of it subscribe.
  for (const sandbox of Object.values(local.platforms.sandboxes)) {
    if (sandbox.webhooks) sandbox.control({ command: 'webhook', url: null });
  }
  const tables = openRawTables(local.endpoints.dynamodb, local.aws.region);

  return {
    local,
    apiUrl: local.apiUrl,
    tables,
    output,
    pages,
    answers,
    get fault() {
      return fault;
    },
    set fault(wanted) {
      fault = wanted;
    },

    async newTenant({ directLinking = false, name = 'Harbour Works' } = {}) {
      tenantsMade += 1;
      const id = `tenant-${tenantsMade}`;
      const returnUrl = `https://${id}.example/connected`;
      const { operator } = local;
      const { id: tenantId } = await operator.createTenant(id, name);
      if (directLinking) await operator.tenants.update(tenantId, (one) => ({ ...one, directLinking }));
      await operator.addReturnUrl(id, returnUrl);
      const apiKey = (await operator.createApiKey(id, 'test')).text.reveal();
      return tenantOf(local.apiUrl, { id, returnUrl, apiKey }, (...answer) => answers.push(answer));
    },

    newBrowser: () => openBrowser((page) => pages.push(page)),

    async reset() {
      fault = undefined;
      await tables.clear('connections', 'connection#');
      for (const sandbox of Object.values(local.platforms.sandboxes)) {
        sandbox.control({ command: 'kill_grants' });
        sandbox.control({ command: 'clear_faults' });
        sandbox.control({ command: 'reset_calls' });
      }
    },

    async close() {
      tables.close();
      await local.close();
    },
  };
}

function tenantOf(
  apiUrl: string,
  known: Pick<TestTenant, 'id' | 'returnUrl' | 'apiKey'>,
  onAnswer: OnAnswer,
): TestTenant {
  const client = createApiClient(apiUrl, known.apiKey, onAnswer);
  return {
    ...known,
    client,
    user: (userId) => ({ userId, by: 'apiKey', client, named: { userId } }),
    async session(userId, limits = {}) {
      const minted: Success<'createSession'> = await client.ok('createSession', {
        body: { userId, returnUrl: known.returnUrl, ...limits },
      });
      return { userId, by: 'session', client: createApiClient(apiUrl, minted.token, onAnswer), named: {} };
    },
  };
}
