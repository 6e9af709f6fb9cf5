/** A burst of 5,000 webhooks at the whole product on this machine: gateway, function instances, queue. */
import { Agent, request as httpRequest } from 'node:http';
import { startLocalStack } from '../../infra/local/stack/local-stack.ts';
import { type BenchGroup, exactly, shown } from './row.ts';
import { accounts, apps, signatureOf, tiktokBody } from './webhook-population.ts';

const burst = 5_000;
const warmUp = 500;
/** Requests under way at once, as a platform has connections. */
const together = 16;

/** Measures in about half a minute. */
export const webhookBurst: BenchGroup = {
  name: 'webhook burst',
  async measure() {
    const now = () => Date.now();
    const stack = await startLocalStack({ port: 0, environment: {}, now, onOutput: () => undefined });
    const agent = new Agent({ keepAlive: true, maxSockets: together });
    try {
      const { provider, clientId, clientSecret } = apps.tiktok;
      await stack.operator.setApp({ provider, clientId, clientSecret, settings: {} });
      const url = `${stack.apiUrl}/integrations/webhook/${provider}`;
      await send(agent, url, warmUp);
      const began = performance.now();
      const { times, refused } = await send(agent, url, burst);
      const seconds = (performance.now() - began) / 1_000;
      const sorted = times.toSorted((left, right) => left - right);
      const quantile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
      return {
        rows: [
          exactly({ name: 'Refused of a burst of 5,000', value: refused, unit: 'requests' }, 0),
          shown({ name: 'p50 of the acknowledgement', value: quantile(0.5), unit: 'ms' }),
          shown({ name: 'p99 of the acknowledgement', value: quantile(0.99), unit: 'ms' }),
          shown({ name: 'Requests a second', value: burst / seconds, unit: 'requests' }),
        ],
        notes: [
          `${together} requests at once. Sender, gateway, functions, workers and AWS share this machine's CPUs.`,
        ],
      };
    } finally {
      agent.destroy();
      await stack.close();
    }
  },
};

/** Milliseconds until each was answered, and how many were not answered with yes. */
async function send(agent: Agent, url: string, count: number) {
  const times: number[] = [];
  let refused = 0;
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const number = next;
      next += 1;
      const body = tiktokBody(accounts[number % accounts.length] ?? '', number, Date.now());
      const began = performance.now();
      if ((await post(agent, url, body)) !== 200) refused += 1;
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: together }, lane));
  return { times, refused };
}

function post(agent: Agent, url: string, body: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const [header, value] = signatureOf('tiktok', body, Date.now());
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    [header]: value,
  };
  const message = httpRequest(url, { agent, method: 'POST', headers, timeout: 30_000 }, (answer) => {
    answer.resume();
    answer.on('end', () => resolve(answer.statusCode ?? 0));
    answer.on('error', reject);
  });
  message.on('timeout', () => message.destroy(new Error('There was no answer in time.')));
  message.on('error', reject);
  message.end(body);
  return promise;
}
