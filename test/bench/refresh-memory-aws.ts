/**
 * KMS, Secrets Manager and SQS in memory, behind the real clients: each answers before anything would be sent, in no
 * time, and counts what AWS would charge for.
 */
import { randomBytes } from 'node:crypto';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';

const dataKey = z.object({ CiphertextBlob: z.instanceof(Uint8Array).optional() });
const sent = z.object({
  QueueUrl: z.string(),
  MessageBody: z.string().optional(),
  Entries: z.array(z.object({ MessageBody: z.string() })).optional(),
});
const settings = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'BENCH', secretAccessKey: 's4ndb0x' },
} as const;

/** @param secret what every secret says. */
export function openMemoryAws(secret: object) {
  const requests: Record<string, number> = {};
  const queues = new Map<string, string[]>();
  const dataKeys = new Map<string, Buffer>();
  const count = (name: string) => {
    requests[name] = (requests[name] ?? 0) + 1;
  };
  const clients = {
    kms: new KMSClient(settings),
    secrets: new SecretsManagerClient(settings),
    sqs: new SQSClient(settings),
  };
  const first = { step: 'initialize', priority: 'high', name: 'memory' } as const;

  clients.kms.middlewareStack.add(
    () =>
      async ({ input }) => {
        count('kms');
        const { CiphertextBlob = randomBytes(184) } = dataKey.parse(input);
        const name = Buffer.from(CiphertextBlob).toString('base64');
        const plain = dataKeys.get(name) ?? randomBytes(32);
        dataKeys.set(name, plain);
        // A copy: whoever gets it wipes it.
        return answer({ CiphertextBlob, Plaintext: Uint8Array.from(plain) });
      },
    first,
  );
  clients.secrets.middlewareStack.add(
    () => async () => {
      count('secrets');
      return answer({ SecretString: JSON.stringify(secret) });
    },
    first,
  );
  clients.sqs.middlewareStack.add(
    (_next, { commandName = '' }) =>
      async ({ input }) => {
        const { QueueUrl, MessageBody, Entries = [] } = sent.parse(input);
        count(`${commandName} ${QueueUrl}`);
        const queue = queueOf(QueueUrl);
        if (MessageBody !== undefined) queue.push(MessageBody);
        queue.push(...Entries.map((entry) => entry.MessageBody));
        return answer({ Attributes: { ApproximateNumberOfMessages: String(queue.length) } });
      },
    first,
  );

  return {
    ...clients,

    /** How often something was asked for: `kms`, `secrets`, or an SQS command and its queue's URL. */
    requests: requests as Readonly<Record<string, number>>,

    /** Takes messages out of a queue: what a receive and its delete do. */
    take: (url: string, most: number): readonly string[] => queueOf(url).splice(0, most),
    putBack: (url: string, bodies: readonly string[]) => queueOf(url).push(...bodies),
    waiting: (url: string): number => queueOf(url).length,
  };

  function queueOf(url: string): string[] {
    const known = queues.get(url) ?? [];
    queues.set(url, known);
    return known;
  }
}

function answer<Output extends object>(output: Output) {
  return { output: { ...output, $metadata: {} }, response: undefined };
}
