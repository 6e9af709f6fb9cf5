/** Manages the secrets that Hawser generates itself: `setUp` fills them once, and the rotations replace them. */

import { createSessionKey, publishSessionKey } from '../access/session-token.ts';
import { token } from '../ids.ts';
import type { AdminStores } from './deps.ts';

export function secretActions({ connections, names, secrets }: AdminStores) {
  return { setUp, rotateStateSecret, rotateSessionKey };

  /** Fills the secrets that are still empty. Returns the names of those it filled. */
  async function setUp(): Promise<readonly string[]> {
    const made: string[] = [];
    if (!(await secrets.read(names.stateSecretId))['current']) {
      await secrets.write(names.stateSecretId, { current: token(32), previous: '' });
      made.push('state secret');
    }
    if (!(await secrets.read(names.sessionKeySecretId))['privateKey']) {
      await rotateSessionKey();
      made.push('session signing key');
    }
    return made;
  }

  /** Replaces the state secret. Flows in progress stay valid under the previous one. */
  async function rotateStateSecret(): Promise<void> {
    const { current = '' } = await secrets.read(names.stateSecretId);
    await secrets.write(names.stateSecretId, { current: token(32), previous: current });
  }

  /** Replaces the session signing key. Its public half is published first, so that verifiers know it before it signs. */
  async function rotateSessionKey(): Promise<void> {
    const { keyId, privateKey, publicKey } = createSessionKey();
    await publishSessionKey(connections, keyId, publicKey);
    await secrets.write(names.sessionKeySecretId, { keyId, privateKey });
  }
}
