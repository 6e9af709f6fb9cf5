/** Plays the scenes of the demo in order and checks each step. */

import { type DemoStackOptions, openDemoStack } from './demo-stack.ts';
import { deniedConsent } from './scenes/denied-consent.ts';
import { directFlow } from './scenes/direct-flow.ts';
import { firstConnection } from './scenes/first-connection.ts';
import { pendingRevocation } from './scenes/pending-revocation.ts';
import { refreshBeforeExpiry } from './scenes/refresh-before-expiry.ts';
import type { Scene } from './scenes/scene.ts';
import { stolenLink } from './scenes/stolen-link.ts';
import { untickedScope } from './scenes/unticked-scope.ts';
import { webhookArrives } from './scenes/webhook-arrives.ts';
import { createTranscript, StepFailed, type Transcript } from './transcript.ts';

export interface DemoOptions extends Pick<DemoStackOptions, 'environment' | 'now' | 'fetch'> {
  readonly write: (text: string) => void;
  /** Whether to print in colours. */
  readonly colour: boolean;
  /** The scenes to play; all of them when absent. */
  readonly scenes?: readonly Scene[];
  /** Stops the demo early. It cleans up in any case. */
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
/** The exit code of a command that Ctrl-C stopped. */
const stoppedExitCode = 130;
/** The number of output lines of the functions to print after a failure. */
const keptLines = 20;

/** Returns the exit code: 0 when every check passed, 1 when one failed, 130 when the demo was stopped. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const transcript = createTranscript(options);
  const lines: string[] = [];
  const onOutput = (name: string, line: string) => {
    lines.push(`${name} ${line}`);
    lines.splice(0, lines.length - keptLines);
  };
  try {
    await play(options, transcript, onOutput);
    return 0;
  } catch (error) {
    if (options.signal?.aborted) return stoppedExitCode;
    const reason = error instanceof Error ? error.message : 'Something unexpected happened.';
    transcript.failed(error instanceof StepFailed ? `Not as expected: ${reason}` : reason, lines);
    return 1;
  }
}

async function play(
  options: DemoOptions,
  transcript: Transcript,
  onOutput: DemoStackOptions['onOutput'],
): Promise<void> {
  const { environment, now, scenes = everything, signal } = options;
  const fetch: typeof globalThis.fetch = (input, init) => {
    const signals = [init?.signal, signal].filter((one) => one instanceof AbortSignal);
    return options.fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };
  const began = now();
  transcript.title('Hawser: a demo');
  transcript.say(
    'This demo starts Hawser on this machine, with sandbox platforms in place of the real ones, and shows what it does. Every HTTP exchange below really happens. Secrets are masked: equal masks are equal secrets.',
  );
  const demo = await openDemoStack({ transcript, environment, now, fetch, onOutput });
  try {
    for (const [index, scene] of scenes.entries()) {
      transcript.title(`${index + 1}. ${scene.title}`);
      await scene.play(demo);
    }
  } finally {
    await demo.close();
  }
  transcript.title('What this demo showed');
  for (const { shows } of scenes) transcript.say(shows);
  const seconds = ((now() - began) / 1000).toFixed(1);
  transcript.say(`${transcript.checks()} checks passed in ${seconds} s. To try it yourself: npm start`);
}
