/** What the endpoints of one generated platform share. */
import type { Platform } from '../dialect.ts';
import type { GeneratedPlatformFacts } from './data/facts.ts';
import type { IdTokenIssuer } from './id-token.ts';
import type { Modes } from './modes.ts';

export interface GeneratedContext {
  readonly facts: GeneratedPlatformFacts;
  readonly platform: Platform<Modes>;
  readonly mintAccessToken: () => string;
  /** Absent where the platform issues no ID tokens. */
  readonly idTokens: IdTokenIssuer | undefined;
}
