/**
 * The webhooks of a sandbox platform: subscriptions, deliveries, and the platform's bad habits as far as a command asks
 * for them: duplicates, wrong order, stale and forged signatures.
 */
import { randomBytes } from 'node:crypto';
import type { ControlResult } from '../control/control.ts';
import type { SandboxClient } from '../sandbox-client.ts';
import { openWebhookPost } from './post.ts';
import { type Delivery, openWebhookTries, type WebhookReport } from './tries.ts';
import type { SendWebhookCommand, WebhookCommand, WebhookDialect } from './webhook-dialect.ts';

export interface WebhookSender {
  /** Changes a subscription. */
  setUp(command: WebhookCommand): ControlResult;
  /** Sends events; answers how many deliveries they make, before any is made. */
  send(command: SendWebhookCommand): ControlResult;
  /** Sends subscribers the event that an account's grants have ended, where the platform has one. */
  announceEnd(clientId: string, account: string, by: 'user' | 'client'): void;
  report(): WebhookReport & { readonly handshakesRefused: number };
  /** Resolves when every delivery has been accepted or given up. */
  settled(): Promise<void>;
  close(): void;
}

export interface WebhookSenderDeps {
  readonly dialect: WebhookDialect;
  readonly client: (clientId: string) => SandboxClient | undefined;
  readonly clientIds: () => readonly string[];
  readonly now: () => number;
  readonly random: () => number;
}

type Habits = Required<Pick<WebhookCommand, 'duplicates' | 'outOfOrder' | 'hourMilliseconds'>>;

interface Subscription extends Habits {
  readonly url: string;
  readonly verifyToken?: string | undefined;
  readonly signingSecret?: string | undefined;
  /** Asked once, before the first delivery. */
  verified?: Promise<boolean>;
}

/** Requests under way at once. */
const lanes = 8;
/** A late delivery or a copy goes behind so many others at most. */
const mostBehind = 50;
const hourSeconds = 3_600;

export function openWebhookSender(deps: WebhookSenderDeps): WebhookSender {
  const { dialect, client, now, random } = deps;
  const post = openWebhookPost(lanes);
  const tries = openWebhookTries(post, lanes, now);
  const subscriptions = new Map<string, Subscription>();
  const preparing = new Set<Promise<void>>();
  const closing = new AbortController();
  let handshakesRefused = 0;

  function setUp(command: WebhookCommand): ControlResult {
    const clientIds = command.clientId === undefined ? deps.clientIds() : [command.clientId];
    for (const clientId of clientIds) {
      if (client(clientId) === undefined) return refused('There is no such client.');
      const { command: _, clientId: __, url, ...changes } = command;
      const before = subscriptions.get(clientId);
      const wanted = url === undefined ? before?.url : url;
      if (wanted === undefined) return refused('There is no address yet: say the url.');
      if (wanted === null) subscriptions.delete(clientId);
      else subscriptions.set(clientId, { ...(before ?? standard), ...changes, url: wanted });
    }
    return { ok: true, affected: clientIds.length };
  }

  function send(command: SendWebhookCommand): ControlResult {
    const { clientId, events, copies = 1 } = command;
    const clientIds = clientId === undefined ? [...subscriptions.keys()] : [clientId];
    let affected = 0;
    for (const id of clientIds) {
      const subscription = subscriptions.get(id);
      const known = client(id);
      if (subscription === undefined || known === undefined) return refused('This client has no address.');
      const bodies = dialect.bodies(events, known).map((body) => Buffer.from(body, 'utf8'));
      affected += bodies.length * copies;
      inTurn(subscription, command.delayMilliseconds, () => {
        for (const body of bodies) {
          const delivery = deliveryOf(known, subscription, body, command);
          for (let copy = 0; copy < copies; copy += 1) deliver(subscription, delivery);
        }
      });
    }
    return { ok: true, affected };
  }

  /** After the handshake, and not before its time. */
  function inTurn(subscription: Subscription, delayMilliseconds: number | undefined, go: () => void): void {
    if (dialect.handshake === undefined && delayMilliseconds === undefined) {
      go();
      return;
    }
    const prepared = prepare(subscription, delayMilliseconds).then((ready) => {
      preparing.delete(prepared);
      if (ready) go();
    });
    preparing.add(prepared);
  }

  async function prepare(subscription: Subscription, delayMilliseconds = 0): Promise<boolean> {
    if (delayMilliseconds > 0) await pause(delayMilliseconds, closing.signal);
    if (closing.signal.aborted) return false;
    subscription.verified ??= verify(subscription);
    return subscription.verified;
  }

  async function verify({ url, verifyToken = '' }: Subscription): Promise<boolean> {
    if (dialect.handshake === undefined) return true;
    const { query, answer } = dialect.handshake(verifyToken);
    const answered = await post.call({ method: 'GET', url: `${url}?${query}`, headers: {} });
    const verified = answered?.status === 200 && answered.text === answer;
    if (!verified) handshakesRefused += 1;
    return verified;
  }

  function deliver({ duplicates, outOfOrder }: Subscription, delivery: Delivery): void {
    const behind = () => 1 + Math.floor(random() * mostBehind);
    tries.deliver(delivery, random() < outOfOrder ? behind() : 0);
    if (random() < duplicates) tries.deliver(delivery, behind());
  }

  function deliveryOf(
    { clientId, clientSecret }: SandboxClient,
    subscription: Subscription,
    body: Buffer,
    { signature = 'good', signedSecondsAgo = 0 }: Partial<SendWebhookCommand>,
  ): Delivery {
    const { url, hourMilliseconds, signingSecret } = subscription;
    const secret =
      signature === 'wrong_secret' ? randomBytes(32).toString('hex') : (signingSecret ?? clientSecret);
    const signed = signature === 'tampered' ? Buffer.concat([body, Buffer.from(' ')]) : body;
    const signNow = () => dialect.sign(signed, secret, now() - signedSecondsAgo * 1_000);
    let first: Readonly<Record<string, string>> | undefined;
    return {
      clientId,
      url,
      body,
      headers: () => {
        const content = { 'content-type': 'application/json' };
        if (signature === 'missing') return content;
        if (first === undefined || dialect.retrySignature() === 'fresh') first = signNow();
        return { ...content, ...first };
      },
      retryAfterMilliseconds: (failed) => {
        const seconds = dialect.retryAfterSeconds(failed);
        return seconds === undefined ? undefined : (seconds / hourSeconds) * hourMilliseconds;
      },
    };
  }

  return {
    setUp,
    send,
    announceEnd(clientId, account, by) {
      const event = dialect.ended?.(account, by);
      if (event === undefined || !subscriptions.has(clientId)) return;
      send({ command: 'send_webhook', clientId, events: [event] });
    },
    report: () => ({ ...tries.report(), handshakesRefused }),
    async settled() {
      while (preparing.size > 0) await Promise.all(preparing);
      await tries.settled();
    },
    close() {
      closing.abort();
      tries.close();
      post.close();
    },
  };
}

const standard: Habits = { duplicates: 0, outOfOrder: 0, hourMilliseconds: 10_000 };

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function refused(error: string): ControlResult {
  return { ok: false, error };
}
