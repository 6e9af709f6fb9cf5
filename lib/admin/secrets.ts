/** The secrets that Hawser makes itself: filled once by `setup`, replaced by `rotate`. */
import { token } from '../ids.ts';
import { createSessionKey, publishSessionKey } from '../tenants/session-token.ts';
import type { AdminStores } from './deps.ts';

export function secretActions({ connections, names, secrets }: AdminStores) {
  return { setUp, rotateStateSecret, rotateSessionKey };

  /** Fills what is still empty. Answers what it made. */
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

  /** A new state secret; flows under way stay valid under the one before. */
  async function rotateStateSecret(): Promise<void> {
    const { current = '' } = await secrets.read(names.stateSecretId);
    await secrets.write(names.stateSecretId, { current: token(32), previous: current });
  }

  /** A new session signing key. Verifiers learn of it first, so that no token is signed that nobody can check. */
  async function rotateSessionKey(): Promise<void> {
    const { keyId, privateKey, publicKey } = createSessionKey();
    await publishSessionKey(connections, keyId, publicKey);
    await secrets.write(names.sessionKeySecretId, { keyId, privateKey });
  }
}
