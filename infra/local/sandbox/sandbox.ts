/**
 * Runs a platform's dialect as HTTP servers on 127.0.0.1, with consent, faults, counters and control around it.
 * A sandbox behaves as its platform's documentation says; a command makes it do anything else.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallRecord, type CallReport, openCallLog } from './call-log.ts';
import { avatarPath, consentRoutes } from './consent/consent.ts';
import { openControl, openSettings, takeCommand } from './control/commands.ts';
import type { ControlCommand, ControlResult, Fault } from './control/control.ts';
import { distort, openFaultQueue, refusalBy } from './control/faults.ts';
import type { Call, Dialect, Host, Platform, Reply, Route } from './dialect.ts';
import { openGrants } from './grants.ts';
import { type LoopbackServer, listen, readCall, send } from './http-server.ts';
import { bearerOf, empty, formOf, json, jsonFieldsOf } from './reply.ts';
import type { SandboxClient } from './sandbox-client.ts';
import { type Grant, loadState, saveState } from './state-file.ts';
import { openWebhookSender, type WebhookSender } from './webhooks/webhook-sender.ts';

export interface SandboxOptions {
  readonly clients: readonly SandboxClient[];
  /** Port of the web host; any free one when 0 or absent. */
  readonly port?: number;
  /** Port of the API host, where the platform has one of its own; any free one when 0 or absent. */
  readonly apiPort?: number;
  /** Where clients added later, codes and grants are kept across restarts; in memory when absent. */
  readonly stateFile?: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Chooses the webhooks that arrive twice or late, where a command asks for some; a number from 0 to 1. */
  readonly random?: () => number;
}

export interface Sandbox {
  /** Consent, token and revoke live here, and `/_sandbox/control`, `/_sandbox/calls` and `/_sandbox/webhooks`. */
  readonly origin: string;
  /** The API host; the same as `origin` where the platform has no separate one. */
  readonly apiOrigin: string;
  /** The origins of the hosts that the platform has beyond these two, by their names. */
  readonly furtherOrigins?: Readonly<Record<string, string>>;
  control(command: ControlCommand): ControlResult;
  /** What the sandbox saw so far; never a secret. */
  calls(): CallReport;
  addClient(client: SandboxClient): void;
  /** What became of the webhooks that were sent; absent where the platform sends none. */
  readonly webhooks?: Pick<WebhookSender, 'report' | 'settled'>;
  /** Stops listening and cuts what is still held. */
  close(): Promise<void>;
}

/** Starts the sandbox of a platform. Rejects when a port is taken or the state file is not readable. */
export async function startSandbox<M>(dialect: Dialect<M>, options: SandboxOptions): Promise<Sandbox> {
  const { now, stateFile } = options;
  const state = loadState(stateFile);
  // A client given at the start is newer than one of the same id added in an earlier run.
  const given = new Set(options.clients.map(({ clientId }) => clientId));
  state.clients = state.clients.filter(({ clientId }) => !given.has(clientId));
  const log = openCallLog();
  const faults = openFaultQueue();
  const closing = new AbortController();
  const servers: LoopbackServer[] = [];
  const settings = openSettings(dialect);
  let webOrigin = '';

  const save = () => saveState(stateFile, state);
  const grants = openGrants({
    state,
    save,
    now,
    lifetimes: settings.lifetimes,
    mint: dialect.mint,
    onReuse: log.noteReuse,
    onEnd: announceEnd,
  });
  const platform: Platform<M> = {
    grants,
    now,
    client: (clientId) =>
      [...state.clients, ...options.clients].find((candidate) => candidate.clientId === clientId),
    modes: settings.modes,
    lifetimes: settings.lifetimes,
    avatarUrl: (account, query) => {
      const path = avatarPath(account);
      return path === undefined ? '' : `${webOrigin}${path}?${query}`;
    },
  };
  const clientIds = () => [
    ...new Set([...state.clients, ...options.clients].map(({ clientId }) => clientId)),
  ];
  const webhookDialect = dialect.webhooks?.(platform);
  const webhooks =
    webhookDialect &&
    openWebhookSender({
      dialect: webhookDialect,
      client: platform.client,
      clientIds,
      now,
      random: options.random ?? Math.random,
    });
  const control = openControl({ settings, grants, faults, log, addClient, webhooks });
  const routes = [...dialect.routes(platform), ...consentRoutes(dialect, platform), ...ownRoutes()];

  function addClient(client: SandboxClient): void {
    state.clients = state.clients.filter(({ clientId }) => clientId !== client.clientId);
    state.clients.push({ ...client, redirectUris: [...client.redirectUris] });
    save();
  }

  /** One event for each account of a client, however many consents it had given. */
  function announceEnd(ended: readonly Pick<Grant, 'clientId' | 'account'>[], by: 'user' | 'client'): void {
    const owners = new Map(
      ended.map(({ clientId, account }) => [`${clientId}\n${account}`, { clientId, account }]),
    );
    for (const { clientId, account } of owners.values()) webhooks?.announceEnd(clientId, account, by);
  }

  function ownRoutes(): readonly Route[] {
    return [
      {
        method: 'GET',
        host: 'web',
        path: '/_sandbox/calls',
        endpoint: 'other',
        handle: () => json(200, { ...log.report() }),
      },
      {
        method: 'GET',
        host: 'web',
        path: '/_sandbox/webhooks',
        endpoint: 'other',
        handle: () => (webhooks ? json(200, { ...webhooks.report() }) : empty(404)),
      },
      {
        method: 'POST',
        host: 'web',
        path: '/_sandbox/control',
        endpoint: 'other',
        handle: (call) => takeCommand(call, control),
      },
    ];
  }

  async function serve(host: Host, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request, webOrigin);
    if (call === undefined) return void (await send(response, empty(400)));
    const onPath = routes.filter(
      (route) => route.host === host && isOn(route.path, call.url.pathname) && (route.when?.(call) ?? true),
    );
    const route = onPath.find(({ method }) => method === call.method);
    if (route === undefined) return void (await send(response, empty(onPath.length === 0 ? 404 : 405)));
    // The sandbox's own doors are not part of what it saw.
    if (call.url.pathname.startsWith('/_sandbox/')) return void (await send(response, route.handle(call)));
    await answer(call, route, response);
  }

  async function answer(call: Call, route: Route, response: ServerResponse): Promise<void> {
    const { endpoint } = route;
    const fields = formOf(call) ?? jsonFieldsOf(call);
    const grantType = fields?.get('grant_type') ?? call.url.searchParams.get('grant_type') ?? undefined;
    const owner = secretsOf(call)
      .map(grants.locate)
      .find((located) => located !== undefined);
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
      const reply = await replyTo(call, route, fault);
      if ((await send(response, reply, fault)) === 'sent') record.status = reply.status;
    } finally {
      end?.();
    }
  }

  async function replyTo(call: Call, route: Route, fault: Fault | undefined): Promise<Reply> {
    if (fault === undefined) return route.handle(call);
    if (fault.kind === 'delay') await sleep(fault.milliseconds, undefined, { signal: closing.signal });
    const reply =
      refusalBy(fault, route.endpoint, dialect.failure) ??
      distort(route.handle(call), fault, dialect.tokenAnswer);
    if (fault.kind === 'hold_answer' && fault.milliseconds !== undefined) {
      await sleep(fault.milliseconds, undefined, { signal: closing.signal });
    }
    return reply;
  }

  async function close(): Promise<void> {
    closing.abort();
    webhooks?.close();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  }

  async function open(host: Host, port = 0): Promise<string> {
    const server = await listen(port, (request, response) => serve(host, request, response));
    servers.push(server);
    return server.origin;
  }

  try {
    webOrigin = await open('web', options.port);
    const apiOrigin = dialect.separateApiHost ? await open('api', options.apiPort) : webOrigin;
    const furtherOrigins: Record<string, string> = {};
    for (const host of dialect.furtherHosts ?? []) furtherOrigins[host] = await open(host);
    return {
      origin: webOrigin,
      apiOrigin,
      furtherOrigins,
      control,
      calls: log.report,
      addClient,
      ...(webhooks && { webhooks }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function isOn(path: Route['path'], pathname: string): boolean {
  return typeof path === 'string' ? path === pathname : path.test(pathname);
}

/** Every secret that a call may carry to say whose it is. */
function secretsOf(call: Call): readonly string[] {
  const sources = [formOf(call) ?? jsonFieldsOf(call), call.url.searchParams];
  const fields = ['refresh_token', 'code', 'token', 'access_token', 'fb_exchange_token', 'input_token'];
  const carried = [bearerOf(call), ...sources.flatMap((source) => fields.map((field) => source?.get(field)))];
  return carried.filter((secret) => typeof secret === 'string');
}
