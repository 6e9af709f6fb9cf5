/** A scene of the demo: one promise of Hawser, played and checked. */
import type { Stage } from '../stage.ts';

export interface Scene {
  readonly title: string;
  /** What it has shown, for the end of the demo. */
  readonly shows: string;
  /** @throws NotAsTold when a step is not as told. */
  readonly play: (stage: Stage) => Promise<void>;
}
