/** The caller processes of a storm: forked once, sent orders, and replaced when killed, as Lambda replaces instances. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { CallerOutcome, StormOrder } from './storm-process.ts';

type Report =
  | { readonly kind: 'ready' | 'calm' }
  | { readonly kind: 'outcome'; readonly outcome: CallerOutcome }
  | { readonly kind: 'broken'; readonly reason: string };

interface Member {
  readonly child: ChildProcess;
}

export interface Weathered {
  readonly outcomes: readonly CallerOutcome[];
  readonly kills: number;
}

const size = 4;
const entry = join(import.meta.dirname, 'storm-process.ts');

export async function openCrew() {
  let members = await Promise.all(Array.from({ length: size }, recruit));

  return {
    /** Has every process run its callers; those that come in the place of killed ones run theirs as well. */
    async weather(order: StormOrder): Promise<Weathered> {
      const outcomes: CallerOutcome[] = [];
      let kills = 0;
      const run = async (member: Member): Promise<Member> => {
        const end = await obey(member, order, (outcome) => outcomes.push(outcome));
        if (end === 'calm') return member;
        kills += 1;
        return run(await recruit());
      };
      members = await Promise.all(members.map(run));
      return { outcomes, kills };
    },

    async close(): Promise<void> {
      await Promise.all(
        members.map(async ({ child }) => {
          const gone = new Promise((resolve) => child.once('exit', resolve));
          child.disconnect();
          await gone;
        }),
      );
    },
  };
}

async function recruit(): Promise<Member> {
  const child = fork(entry, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`A process of the storm did not start: ${code}.`)));
  });
  return { child };
}

/** Resolves when the process has run all its callers, or was killed. */
function obey(
  { child }: Member,
  order: StormOrder,
  note: (outcome: CallerOutcome) => void,
): Promise<'calm' | 'killed'> {
  return new Promise((resolve, reject) => {
    const onMessage = (report: Report) => {
      if (report.kind === 'outcome') note(report.outcome);
      if (report.kind === 'calm') finish(() => resolve('calm'));
      if (report.kind === 'broken') finish(() => reject(new Error(report.reason)));
    };
    const onExit = (code: number | null, signal: string | null) =>
      finish(() =>
        signal === 'SIGKILL'
          ? resolve('killed')
          : reject(new Error(`A process of the storm ended: ${code}.`)),
      );
    const finish = (settle: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      settle();
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send(order);
  });
}
