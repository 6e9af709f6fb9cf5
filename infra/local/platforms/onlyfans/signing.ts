/**
 * Signatures of the OnlyFans sandbox and the signer that makes them, as an owner of Hawser would run one. The shape is
 * the site's as clients describe it; every rule value is made up, and another one with each revision.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Call, Platform, Reply, Route } from '../../sandbox/dialect.ts';
import { json } from '../../sandbox/reply.ts';
import type { Modes } from './modes.ts';

/** Site-wide and no secret. */
export const appToken = 'synthetic-app-token';
const checksumIndexes = [0, 3, 7, 7, 11, 19, 28, 39];

/** What is signed. */
export interface Signed {
  readonly time: string;
  /** Path and query. */
  readonly path: string;
  readonly userId: string;
}

/** `<prefix>:<sha1>:<checksum>:<suffix>` by the rules of a revision. */
export function signatureOf({ time, path, userId }: Signed, revision: number): string {
  const staticParameter = `SYNTHETIC_STATIC_PARAM_${String(revision).padStart(9, '0')}`;
  const hash = createHash('sha1').update([staticParameter, time, path, userId].join('\n')).digest('hex');
  const sum = checksumIndexes.reduce((total, index) => total + hash.charCodeAt(index), -41 - revision);
  return [String(100_000 - revision), hash, Math.abs(sum).toString(16), 'deadbeef'].join(':');
}

/** The fields that a client may send to a signer; it must not see any other data. */
const signRequest = z.strictObject({
  method: z.literal('GET'),
  path: z.string().startsWith('/'),
  userId: z.string().regex(/^\d{1,20}$/),
  time: z.exactOptional(z.string()),
});

/** The signer's door. It counts as the token endpoint, so that every fault of a token call can meet it. */
export function signerRoute(platform: Platform<Modes>): Route {
  return {
    method: 'POST',
    host: 'web',
    path: '/signer',
    endpoint: 'token',
    handle: (call) => sign(call, platform),
  };
}

function sign(call: Call, { modes, now }: Platform<Modes>): Reply {
  const asked = signRequest.safeParse(parse(call.body));
  if (!asked.success) return json(400, { error: 'Send { method, path, userId } and nothing else.' });
  const { path, userId, time = String(now()) } = asked.data;
  const { signerRules, siteRules, signerHealth } = modes();
  return json(200, {
    headers: {
      sign: signatureOf({ time, path, userId }, signerRules),
      time,
      'app-token': appToken,
      'x-of-rev': `synthetic-${signerRules}`,
    },
    ...(signerHealth === 'present' && { healthy: signerRules === siteRules }),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
