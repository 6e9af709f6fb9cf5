/**
 * SQS on this machine: fauxqs in this process, on a loopback port that only the front knows.
 * It is kept off the network, and four of its habits are mended on the way through.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { region } from '../account.ts';
import { type AwsCall, isJsonObject, type JsonObject, textAt } from '../front/aws-call.ts';
import { openUpstream } from '../front/upstream.ts';
import type { Service } from '../service.ts';

/** A receive waits for up to 20 seconds. */
const timeoutMilliseconds = 30_000;
/** "At once", for the engine: it cannot store a visibility time-out of exactly 0 and would mislay the message. */
const atOnceSeconds = 0.001;

/** @param folder where queues and messages are kept; in memory when absent. */
export async function startSqs(folder: string | undefined): Promise<Service> {
  await allowEveryCharacter();
  const engine = await startOnLoopback(folder);
  const upstream = openUpstream({ port: engine.port, timeoutMilliseconds });

  return {
    serve: (call, { headers, body, closing }) =>
      upstream.send(headers, withStorableVisibility(call, body), closing),
    async undelivered(call, { headers }, answer) {
      const entries = call.operation === 'ReceiveMessage' ? receivedIn(answer.body) : [];
      if (entries.length === 0) return;
      const body = JSON.stringify({ QueueUrl: textAt(call.input, 'QueueUrl'), Entries: entries });
      const target = { 'x-amz-target': 'AmazonSQS.ChangeMessageVisibilityBatch' };
      await upstream.send({ ...headers, ...target }, Buffer.from(body, 'utf8'));
    },
    async close() {
      await upstream.close();
      await engine.stop();
    },
  };
}

/**
 * The engine listens on every interface and offers no choice, which would show queues to the whole network.
 * Node tells of a server before it listens: there, this one is given the loopback address.
 */
async function startOnLoopback(folder: string | undefined): Promise<FauxqsServer> {
  const starting = new AsyncLocalStorage<true>();
  const listening = tracingChannel('net.server.listen').asyncStart;
  const keepLocal = (message: unknown) => {
    const options = isJsonObject(message) ? message['options'] : undefined;
    if (starting.getStore() && isJsonObject(options)) Object.assign(options, { host: '127.0.0.1' });
  };
  listening.subscribe(keepLocal);
  try {
    const store = folder === undefined ? {} : { dataDir: folder };
    const options = { port: 0, host: 'localhost', logger: false, defaultRegion: region, ...store };
    const engine = await starting.run(true, () => startFauxqs(options));
    if (new URL(engine.address).hostname === '127.0.0.1') return engine;
    await engine.stop();
    throw new Error(
      'SQS would have been reachable from the network. Run the version of Node that package.json names.',
    );
  } finally {
    listening.unsubscribe(keepLocal);
  }
}

/**
 * The engine refuses every character beyond the first 65,536, emoji among them, because its pattern takes them for two
 * halves that are none. SQS takes them: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
async function allowEveryCharacter(): Promise<void> {
  const types: unknown = await import(new URL('./sqs/sqsTypes.js', import.meta.resolve('fauxqs')).href);
  const pattern = isJsonObject(types) ? types['INVALID_MESSAGE_BODY_CHAR'] : undefined;
  if (!(pattern instanceof RegExp)) {
    throw new Error('The local SQS is not as expected. Run the version of fauxqs that package.json names.');
  }
  const refused = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;
  pattern.test = (text) => refused.test(text);
}

function withStorableVisibility(call: AwsCall, body: Buffer): Buffer {
  if (!call.operation.startsWith('ChangeMessageVisibility')) return body;
  const entries: unknown = call.input['Entries'];
  const input = Array.isArray(entries)
    ? { ...call.input, Entries: entries.map(storable) }
    : storable(call.input);
  return Buffer.from(JSON.stringify(input), 'utf8');
}

function storable(entry: unknown): unknown {
  return isJsonObject(entry) && entry['VisibilityTimeout'] === 0
    ? { ...entry, VisibilityTimeout: atOnceSeconds }
    : entry;
}

/** Entries that make messages visible again whose receiver hung up before the response: SQS notices that too. */
function receivedIn(body: Buffer): readonly JsonObject[] {
  const answer: unknown = JSON.parse(body.toString('utf8'));
  const messages: unknown = isJsonObject(answer) ? answer['Messages'] : undefined;
  if (!Array.isArray(messages)) return [];
  return messages.filter(isJsonObject).map((message, index) => ({
    Id: String(index),
    ReceiptHandle: message['ReceiptHandle'],
    VisibilityTimeout: atOnceSeconds,
  }));
}
