/** Plays the demo scene by scene and checks every step against its description. */
import { deniedConsent } from './scenes/denied-consent.ts';
import { directFlow } from './scenes/direct-flow.ts';
import { firstConnection } from './scenes/first-connection.ts';
import { pendingRevocation } from './scenes/pending-revocation.ts';
import { refreshBeforeExpiry } from './scenes/refresh-before-expiry.ts';
import type { Scene } from './scenes/scene.ts';
import { stolenLink } from './scenes/stolen-link.ts';
import { untickedScope } from './scenes/unticked-scope.ts';
import { webhookArrives } from './scenes/webhook-arrives.ts';
import { openStage, type StageOptions } from './stage.ts';
import { createStory, NotAsTold, type Story } from './story.ts';

export interface DemoOptions extends Pick<StageOptions, 'environment' | 'now' | 'fetch'> {
  readonly write: (text: string) => void;
  /** Whether to use the terminal's colours. */
  readonly colour: boolean;
  /** The scenes to play; all of them when absent. */
  readonly scenes?: readonly Scene[];
  /** Ends the demo early; everything is taken down all the same. */
  readonly signal?: AbortSignal;
}

const everything: readonly Scene[] = [
  firstConnection,
  untickedScope,
  deniedConsent,
  stolenLink,
  directFlow,
  refreshBeforeExpiry,
  pendingRevocation,
  webhookArrives,
];
/** What a shell expects of a command that was stopped from the keyboard. */
const stoppedExitCode = 130;
/** Lines of the functions that are shown when something went wrong. */
const keptLines = 20;

/** Answers the exit code: 0 when everything was as told, 1 when not, 130 when it was stopped. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const story = createStory(options);
  const lines: string[] = [];
  const onOutput = (name: string, line: string) => {
    lines.push(`${name} ${line}`);
    lines.splice(0, lines.length - keptLines);
  };
  try {
    await play(options, story, onOutput);
    return 0;
  } catch (error) {
    if (options.signal?.aborted) return stoppedExitCode;
    const reason = error instanceof Error ? error.message : 'Something unexpected happened.';
    story.failed(error instanceof NotAsTold ? `Not as told: ${reason}` : reason, lines);
    return 1;
  }
}

async function play(options: DemoOptions, story: Story, onOutput: StageOptions['onOutput']): Promise<void> {
  const { environment, now, scenes = everything, signal } = options;
  const fetch: typeof globalThis.fetch = (input, init) => {
    const signals = [init?.signal, signal].filter((one) => one instanceof AbortSignal);
    return options.fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };
  const began = now();
  story.title('Hawser: a demo');
  story.say(
    'This starts Hawser on this machine, with sandbox platforms in place of the real ones, and walks through what it does. Every exchange below really happens. Secrets are masked; the same mark is the same secret.',
  );
  const stage = await openStage({ story, environment, now, fetch, onOutput });
  try {
    for (const [index, scene] of scenes.entries()) {
      story.title(`${index + 1}. ${scene.title}`);
      await scene.play(stage);
    }
  } finally {
    await stage.close();
  }
  story.title('What was shown');
  for (const { shows } of scenes) story.say(shows);
  const seconds = ((now() - began) / 1000).toFixed(1);
  story.say(`${story.checks()} checks, all as told, in ${seconds} s. To try it by hand: npm start`);
}
