/**
 * Delivers as platforms do: at least once, several deliveries at a time, and again after any response but a 2xx until
 * their patience ends. It keeps numbers and statuses, never a body or a signature.
 */
import { openOrder } from './order.ts';
import type { WebhookPost } from './post.ts';

export interface Delivery {
  readonly clientId: string;
  readonly url: string;
  readonly body: Buffer;
  /** The headers of a try; the first one is number 0. */
  readonly headers: (attempt: number) => Readonly<Record<string, string>>;
  /** Real milliseconds until the next try; nothing when there is none. */
  readonly retryAfterMilliseconds: (failed: number) => number | undefined;
}

/** One request as it was answered; without a status there was no response. */
export interface DeliveryRecord {
  readonly at: number;
  readonly clientId: string;
  readonly attempt: number;
  readonly status?: number;
}

export interface WebhookReport {
  /** Deliveries that were to be made, copies included. */
  readonly deliveries: number;
  /** Requests that were made for them. */
  readonly requests: number;
  readonly accepted: number;
  /** Deliveries given up after the last try. */
  readonly givenUp: number;
  /** Deliveries that are not through yet. */
  readonly waiting: number;
  /** The latest requests, oldest first. */
  readonly latest: readonly DeliveryRecord[];
}

interface Trial {
  readonly delivery: Delivery;
  readonly attempt: number;
}

const recordsKept = 1_000;

export function openWebhookTries(post: WebhookPost, lanes: number, now: () => number) {
  const order = openOrder<Trial>();
  const timers = new Set<NodeJS.Timeout>();
  const latest: DeliveryRecord[] = [];
  const counted = { deliveries: 0, requests: 0, accepted: 0, givenUp: 0 };
  let busy = 0;
  let closed = false;
  let idle = Promise.withResolvers<void>();
  idle.resolve();

  /** @param behind how many others go first. */
  function deliver(delivery: Delivery, behind = 0): void {
    if (closed) return;
    counted.deliveries += 1;
    if (isIdle()) idle = Promise.withResolvers();
    if (behind === 0) order.add({ delivery, attempt: 0 });
    else order.addLater({ delivery, attempt: 0 }, behind);
    wake();
  }

  function wake(): void {
    while (busy < lanes && order.size > 0) {
      busy += 1;
      void drain();
    }
  }

  async function drain(): Promise<void> {
    for (let trial = order.next(); trial !== undefined && !closed; trial = order.next()) await attempt(trial);
    busy -= 1;
    if (isIdle()) idle.resolve();
  }

  async function attempt(trial: Trial): Promise<void> {
    const { url, body, headers, clientId } = trial.delivery;
    const answer = await post.call({ method: 'POST', url, body, headers: headers(trial.attempt) });
    if (closed) return;
    counted.requests += 1;
    const status = answer?.status;
    latest.push({ at: now(), clientId, attempt: trial.attempt, ...(status !== undefined && { status }) });
    if (latest.length > recordsKept) latest.shift();
    if (status !== undefined && status >= 200 && status < 300) counted.accepted += 1;
    else again(trial);
  }

  function again({ delivery, attempt }: Trial): void {
    const pause = delivery.retryAfterMilliseconds(attempt + 1);
    if (pause === undefined) {
      counted.givenUp += 1;
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      order.add({ delivery, attempt: attempt + 1 });
      wake();
    }, pause);
    timers.add(timer);
  }

  function isIdle(): boolean {
    return busy === 0 && timers.size === 0 && order.size === 0;
  }

  return {
    deliver,
    report: (): WebhookReport => ({
      ...counted,
      waiting: counted.deliveries - counted.accepted - counted.givenUp,
      latest: [...latest],
    }),
    /** Resolves when every delivery has been accepted or given up. */
    settled: () => idle.promise,
    close(): void {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      idle.resolve();
    },
  };
}
