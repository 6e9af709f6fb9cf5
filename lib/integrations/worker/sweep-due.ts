/**
 * Finds due connections and sends them to the refresh queue, the longest overdue first over all shards, so that under overload
 * every shard and platform waits equally long. It reads the due connections plus a constant, independent of the catalogue or the
 * number of connections, and writes one small record.
 *
 * Nothing is sent again while it waits in the queue. Each partition's position says up to which sort key its entries are
 * sent, and the next sweep continues behind it. A checkpoint remembers the positions at one moment and how many messages had been
 * sent by then. Once the queue holds fewer messages than were sent since, those of the checkpoint have been received: an
 * entry before it that is still there was lost on its way, failed, or was written late. The sweep then reads from the
 * beginning to the checkpoint as well, sends what it finds, and sets the next checkpoint. A queue that is emptied between
 * two sweeps is at its checkpoint each time, so that every sweep reads all that is due. SQS neither counts exactly nor
 * keeps order; the price of its errors is a message sent twice, for which the worker reads one record and does nothing.
 */
import type { Queue } from '../../aws/queue.ts';
import type { ConnectionReference, ConnectionStore } from '../../connections/connection-store.ts';
import { type RefreshMessage, refreshMessageFor } from '../../messages/refresh.ts';
import type { PauseStore, Pauses, Resumed } from '../../provider-apps/paused-providers.ts';
import { behindDue, duePartition, dueShards, dueUpTo, parkedPartition } from '../../table/keys.ts';
import type { Log } from '../../telemetry/log.ts';
import { type DueRange, type Lane, mergeLanes } from './due-lanes.ts';
import type { LanePosition, SweepPosition, SweepPositionStore } from './sweep-position.ts';

export interface SweepDeps {
  readonly connections: Pick<ConnectionStore, 'due'>;
  readonly positions: SweepPositionStore;
  readonly pauses: Pick<PauseStore, 'read'>;
  readonly queue: Queue<RefreshMessage>;
  /** Messages that wait in the refresh queue or are being worked on. */
  readonly backlog: () => Promise<number>;
  /** How many messages the queue may hold; {@link usualQueueLimit} when absent. */
  readonly queueLimit?: number;
  readonly now: () => number;
  readonly log: Log;
}

/** A queue that holds this many has work for minutes. */
export const usualQueueLimit = 20_000;
const pageSize = 500;
/** Ten to a call, ten calls at once. */
const messagesTogether = 100;
const messagesPerCall = 10;
/** So much of a sweep's messages may be what waited for a resumed provider; the rest is for all others. */
const parkedShare = 0.25;
/** A few messages that fail again and again hold up a checkpoint no longer than this. */
const longestCheckpointMilliseconds = 600_000;
const fewMessages = 100;
/**
 * How long a resumed provider's partitions are read although they are empty. A worker that read the pause just before
 * its end parks a connection within its time-out of a minute, and the index shows it within seconds.
 */
const lateParkingMilliseconds = 900_000;

const shards = Array.from({ length: dueShards }, (_, shard) => shard);

/** Answers how many messages were sent. */
export async function sweepDue(deps: SweepDeps): Promise<number> {
  const backlog = await deps.backlog();
  const room = (deps.queueLimit ?? usualQueueLimit) - backlog;
  if (room <= 0) {
    deps.log('warn', 'sweep.skipped', { reason: 'queue_full' });
    return 0;
  }
  const [known, pauses] = await Promise.all([deps.positions.read(), deps.pauses.read()]);
  const now = deps.now();
  const before = known ?? { sent: backlog, checkpoint: { sent: backlog, at: now }, lanes: {}, emptied: {} };
  const settled = isSettled(before, backlog, now);
  const upTo = dueUpTo(now);
  const send = createSender(deps.queue, pauses);
  const pass = (partitions: readonly string[], most: number) =>
    sendLanes(deps, { partitions, most, before, settled, upTo, send });

  const resuming = pauses.resumed.filter(({ provider, at }) => before.emptied[provider] !== at);
  const parked = await pass(resuming.flatMap(parkedPartitions), Math.ceil(room * parkedShare));
  const due = await pass(shards.map(duePartition), room - parked.sent);
  await send.rest();

  const sent = parked.sent + due.sent;
  const total = before.sent + sent;
  await deps.positions.save({
    sent: total,
    checkpoint: settled ? { sent: total, at: now } : before.checkpoint,
    lanes: { ...parked.lanes, ...due.lanes },
    emptied: emptiedNow(pauses, { before, settled, now, found: parked.found }),
  });
  return sent;
}

/** Whether the queue has handed out everything that was sent before the checkpoint. */
function isSettled(position: SweepPosition, backlog: number, now: number): boolean {
  if (position.sent - backlog >= position.checkpoint.sent) return true;
  return backlog <= fewMessages && now - position.checkpoint.at >= longestCheckpointMilliseconds;
}

interface Pass {
  readonly partitions: readonly string[];
  readonly most: number;
  readonly before: SweepPosition;
  readonly settled: boolean;
  readonly upTo: string;
  readonly send: Sender;
}

/** Sends the due connections of the partitions, at most `most`, and returns the position in each afterwards. */
async function sendLanes(deps: SweepDeps, { partitions, most, before, settled, upTo, send }: Pass) {
  const lanes = partitions.map(
    (partition): Lane => ({ partition, ranges: rangesOf(before.lanes[partition], settled, upTo) }),
  );
  const last = new Map<string, string>();
  const found = new Set<string>();
  let sent = 0;
  let stopped = false;
  if (lanes.length > 0) {
    for await (const { lane, reference, sort } of mergeLanes(
      deps.connections,
      lanes,
      Math.min(pageSize, Math.max(most, 1)),
    )) {
      found.add(lane.partition);
      if (sent >= most) {
        stopped = true;
        break;
      }
      await send.one(reference);
      last.set(lane.partition, sort);
      sent += 1;
    }
  }
  const positions = partitions.map((partition): [string, LanePosition] => {
    const known = before.lanes[partition];
    const reached = stopped ? (last.get(partition) ?? '') : upTo;
    // Lost messages are before the position, and sending them again does not move it back.
    const sentUpTo = known && known.sentUpTo > reached ? known.sentUpTo : reached;
    return [partition, { sentUpTo, checkpoint: settled ? sentUpTo : (known?.checkpoint ?? '') }];
  });
  return { sent, found, lanes: Object.fromEntries(positions) };
}

/** What nobody has sent yet, and, once the checkpoint has settled, what is left before it. */
function rangesOf(position: LanePosition | undefined, settled: boolean, upTo: string): readonly DueRange[] {
  const { sentUpTo = '', checkpoint = '' } = position ?? {};
  if (sentUpTo === '' || (settled && checkpoint === sentUpTo)) return [{ from: undefined, upTo }];
  // With the clock set back, what was sent may be due in the future.
  const left =
    settled && checkpoint !== '' ? [{ from: undefined, upTo: checkpoint < upTo ? checkpoint : upTo }] : [];
  const fresh = behindDue(sentUpTo) <= upTo ? [{ from: behindDue(sentUpTo), upTo }] : [];
  return [...left, ...fresh];
}

function parkedPartitions({ provider }: Resumed): readonly string[] {
  return shards.map((shard) => parkedPartition(provider, shard));
}

/**
 * The resumed providers whose partitions need not be read any more: read from the beginning, found empty, and long
 * enough after the pause that nobody can still be parking there.
 */
function emptiedNow(
  { resumed }: Pauses,
  sweep: {
    readonly before: SweepPosition;
    readonly settled: boolean;
    readonly now: number;
    readonly found: ReadonlySet<string>;
  },
): SweepPosition['emptied'] {
  const { before, settled, now, found } = sweep;
  const isEmpty = (one: Resumed) =>
    settled &&
    now - one.at >= lateParkingMilliseconds &&
    parkedPartitions(one).every((partition) => {
      const lane = before.lanes[partition];
      return lane?.checkpoint === lane?.sentUpTo && !found.has(partition);
    });
  const emptied = resumed.filter((one) => before.emptied[one.provider] === one.at || isEmpty(one));
  return Object.fromEntries(emptied.map(({ provider, at }) => [provider, at]));
}

type Sender = ReturnType<typeof createSender>;

/** Collects messages, so that each call of SQS but the last carries ten. */
function createSender(queue: Queue<RefreshMessage>, { paused }: Pauses) {
  const waiting: ConnectionReference[] = [];
  const send = (count: number) => queue.sendAll(waiting.splice(0, count).map(toMessage));
  return {
    async one(reference: ConnectionReference): Promise<void> {
      waiting.push(reference);
      if (waiting.length >= messagesTogether) await send(waiting.length - (waiting.length % messagesPerCall));
    },
    rest: () => send(waiting.length),
  };

  function toMessage(reference: ConnectionReference) {
    return refreshMessageFor(reference, { park: paused.includes(reference.provider) });
  }
}
