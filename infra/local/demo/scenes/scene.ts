/** A scene of the demo: it plays and checks one guarantee of Hawser. */
import type { DemoStack } from '../demo-stack.ts';

export interface Scene {
  readonly title: string;
  /** The guarantee that it showed, for the summary at the end. */
  readonly shows: string;
  /** @throws StepFailed when a step does not go as expected. */
  readonly play: (demo: DemoStack) => Promise<void>;
}
