/**
 * The sandbox of an OpenID Connect server: oidc-provider, a certified server that knows nothing of this project, with the
 * consent page, faults, counters and control of the other sandboxes in front of it. Its protocol answers are its own.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Provider } from 'oidc-provider';
import { type CallRecord, openCallLog } from '../../sandbox/call-log.ts';
import { avatarPath } from '../../sandbox/consent/consent.ts';
import { avatarPicture } from '../../sandbox/consent/consent-page.ts';
import { takeCommand } from '../../sandbox/control/commands.ts';
import type { Fault } from '../../sandbox/control/control.ts';
import { distort, openFaultQueue, refusalBy } from '../../sandbox/control/faults.ts';
import type { Call, Endpoint, JsonObject, Reply } from '../../sandbox/dialect.ts';
import type { Located } from '../../sandbox/grants.ts';
import { type LoopbackServer, listen, readCall, send } from '../../sandbox/http-server.ts';
import { bearerOf, empty, formOf, json } from '../../sandbox/reply.ts';
import type { Sandbox, SandboxOptions } from '../../sandbox/sandbox.ts';
import type { SandboxClient } from '../../sandbox/sandbox-client.ts';
import { visitConsent } from './consent.ts';
import { openControl } from './control.ts';
import { forward } from './forward.ts';
import { accounts, createProvider } from './provider.ts';
import { openStorage } from './storage.ts';

/** The endpoints that faults can meet, by method and path. */
const faultable: Readonly<Record<string, Endpoint>> = {
  'POST /token': 'token',
  'POST /token/revocation': 'revoke',
  'GET /me': 'profile',
  'POST /me': 'profile',
};

/** The built server: its handler for whole requests, and where it takes calls that were read before. */
interface Running {
  readonly issuer: string;
  readonly provider: Provider;
  readonly handle: ReturnType<Provider['callback']>;
  readonly innerOrigin: string;
}

/**
 * Starts the server; `origin` is its issuer. The server itself lives by the machine's clock, and `now` can only
 * let what it issued run out earlier.
 */
export async function startOpenId(options: SandboxOptions): Promise<Sandbox> {
  const { now, stateFile } = options;
  const storage = await openStorage(stateFile, now);
  const log = openCallLog();
  const faults = openFaultQueue();
  const closing = new AbortController();
  const servers: LoopbackServer[] = [];
  // A client given at the start is newer than one of the same id added in an earlier run.
  const given = new Set(options.clients.map(({ clientId }) => clientId));
  storage.setClients(storage.clients().filter(({ clientId }) => !given.has(clientId)));
  const { control, lifetimes } = openControl({ storage, faults, log, addClient });
  const avatars = new Map(accounts.map((account) => [avatarPath(account), account]));

  function client(clientId: string): SandboxClient | undefined {
    return [...storage.clients(), ...options.clients].find((candidate) => candidate.clientId === clientId);
  }

  function addClient(added: SandboxClient): void {
    const others = storage.clients().filter(({ clientId }) => clientId !== added.clientId);
    storage.setClients([...others, { ...added, redirectUris: [...added.redirectUris] }]);
  }

  // The issuer is known only once the port is: calls that come before the server is built wait here.
  const starting = Promise.withResolvers<Running>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const running = await starting.promise;
    const { method = '', url = '' } = request;
    const path = url.split('?', 1)[0] ?? '';
    const endpoint = faultable[`${method} ${path}`];
    const uid = /^\/interaction\/([\w-]+)$/.exec(path)?.[1];
    if (endpoint === undefined && uid === undefined && !path.startsWith('/_sandbox/')) {
      const record: CallRecord = {
        at: now(),
        endpoint: method === 'GET' && path === '/auth' ? 'authorize' : 'other',
        method,
        path: path.replace(/^\/auth\/.*/, '/auth/:uid'),
      };
      log.record(record);
      await running.handle(request, response);
      record.status = response.statusCode;
      return;
    }
    const call = await readCall(request, running.issuer);
    if (call === undefined) return void (await send(response, empty(400)));
    if (endpoint !== undefined) return answer(call, endpoint, running.innerOrigin, response);
    if (uid === undefined) return void (await send(response, ownAnswer(call)));
    const reply = await visitConsent({ call, uid, request, response, provider: running.provider, client });
    const { status } = reply;
    log.record({
      at: now(),
      endpoint: method === 'POST' ? 'consent' : 'other',
      method,
      path: '/interaction/:uid',
      status,
    });
    await send(response, reply);
  }

  /** The sandbox's own doors are not part of what it saw. */
  function ownAnswer(call: Call): Reply {
    const door = `${call.method} ${call.url.pathname}`;
    if (door === 'GET /_sandbox/calls') return json(200, { ...log.report() });
    if (door === 'POST /_sandbox/control') return takeCommand(call, control);
    const account = call.method === 'GET' ? avatars.get(call.url.pathname) : undefined;
    if (account === undefined) return empty(404);
    return {
      status: 200,
      headers: {},
      body: { kind: 'text', type: 'image/svg+xml', text: avatarPicture(account) },
    };
  }

  async function answer(
    call: Call,
    endpoint: Endpoint,
    innerOrigin: string,
    response: ServerResponse,
  ): Promise<void> {
    const grantType = formOf(call)?.get('grant_type') ?? undefined;
    const owner = ownerOf(call);
    const fault = faults.take({ endpoint, grantType, owner });
    const record: CallRecord = {
      at: now(),
      endpoint,
      method: call.method,
      path: call.url.pathname,
      ...(grantType !== undefined && { grantType: grantType.slice(0, 64) }),
      ...(owner && { grantId: owner.grantId, account: owner.account }),
      ...(fault && { fault: fault.kind }),
    };
    log.record(record);
    const end = endpoint === 'token' ? log.beginTokenCall(owner) : undefined;
    try {
      const reply = await replyTo(call, endpoint, innerOrigin, fault);
      if ((await send(response, reply, fault)) === 'sent') record.status = reply.status;
    } finally {
      end?.();
    }
  }

  async function replyTo(
    call: Call,
    endpoint: Endpoint,
    innerOrigin: string,
    fault: Fault | undefined,
  ): Promise<Reply> {
    const wait = (milliseconds: number) => sleep(milliseconds, undefined, { signal: closing.signal });
    if (fault?.kind === 'delay') await wait(fault.milliseconds);
    const refusal = fault && refusalBy(fault, endpoint, failureOf);
    if (refusal) return refusal;
    const owner = endpoint === 'token' ? ownerOf(call) : undefined;
    const reply = await forward(call, innerOrigin, closing.signal);
    // When a spent secret is used again, the server ends its grant and deletes the secret with it.
    if (owner && reply.status === 400 && ownerOf(call) === undefined) {
      log.noteReuse(formOf(call)?.has('refresh_token') ? 'refresh_token' : 'code', owner);
    }
    if (fault?.kind === 'hold_answer' && fault.milliseconds !== undefined) await wait(fault.milliseconds);
    return fault ? distort(reply, fault) : reply;
  }

  /** Whose secret a call carries, while the secret is known. */
  function ownerOf(call: Call): Located | undefined {
    const form = formOf(call);
    const fields = ['refresh_token', 'code', 'token', 'access_token'].map((field) => form?.get(field));
    for (const secret of [bearerOf(call), ...fields]) {
      const found = secret ? storage.locate(secret) : undefined;
      const account = accounts.find(({ subject }) => subject === found?.subject);
      if (found && account) return { ...found, account: account.key };
    }
    return undefined;
  }

  async function close(): Promise<void> {
    closing.abort();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  }

  async function open(port: number, handle: Parameters<typeof listen>[1]): Promise<string> {
    const server = await listen(port, handle);
    servers.push(server);
    return server.origin;
  }

  try {
    const issuer = await open(options.port ?? 0, serve);
    const interactionPath = (uid: string) => `/interaction/${uid}`;
    const provider = createProvider({ issuer, storage, lifetimes, client, interactionPath });
    const handle = provider.callback();
    starting.resolve({ issuer, provider, handle, innerOrigin: await open(0, handle) });
    return { origin: issuer, apiOrigin: issuer, control, calls: log.report, addClient, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The body of an injected status, in the words of RFC 6749. */
function failureOf(_endpoint: Endpoint, status: number): JsonObject {
  if (status === 429) return { error: 'temporarily_unavailable' };
  return { error: status >= 500 ? 'server_error' : 'invalid_request' };
}
