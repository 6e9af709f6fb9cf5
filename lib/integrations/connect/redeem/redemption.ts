/** What the steps of one redemption hand to each other: redeem → identify → store. */
import type { Flow } from '../../../flows/flow.ts';
import type { TokenSet } from '../../../oauth/outcome.ts';
import type { Secret } from '../../../telemetry/secret.ts';
import type { Sealer } from '../../../vault/vault.ts';
import type { OpenPlatform } from '../../platform/open-platform.ts';

/** A code that this request took out of its flow, with everything that was prepared before. */
export interface Redemption {
  readonly flow: Flow;
  readonly code: Secret;
  readonly verifier: Secret | undefined;
  readonly platform: OpenPlatform;
  readonly sealer: Sealer;
}

/** The tokens that the platform granted for the code. */
export interface GrantedTokens {
  readonly tokens: TokenSet;
  /** The platform at which the tokens work: the flow's, with the variables that came with the tokens. */
  readonly platform: OpenPlatform;
  /** As granted; as requested where the platform does not say (RFC 6749 section 5.1). */
  readonly scopes: readonly string[];
}
