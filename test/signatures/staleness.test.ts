/** Staleness: the maximum age of a signed request under each platform's rule. */
import { describe, expect, it } from 'vitest';
import { withTolerance } from '../../lib/signatures/scheme.ts';
import { klaviyoSignature, slackSignature, tiktokSignature } from '../../lib/signatures/schemes.ts';
import type { SignedRequest } from '../../lib/signatures/verification.ts';
import { verifySignature } from '../../lib/signatures/verify-signature.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { at, body, mac, post, signedAt, slack } from '../support/signatures/signing.ts';

describe('staleness', () => {
  const secrets = [new Secret('secret')];
  const stale = { kind: 'refused', reason: 'stale' };
  const fresh = { kind: 'verified', secret: 'current', timestamp: signedAt * 1000 };

  it.each([
    [-301, stale],
    [-300.001, stale],
    [-300, fresh],
    [0, fresh],
    [300, fresh],
    [300.001, stale],
    [301, stale],
  ])(
    'row 15: of Slack at an age of %d seconds is decided by a tolerance of five minutes in both directions',
    (age, expected) => {
      const verification = verifySignature(slackSignature, slack('secret'), secrets, at(signedAt + age));

      expect(verification).toEqual(expected);
    },
  );

  it('row 15: is checked only after the signature matched', () => {
    const verification = verifySignature(slackSignature, slack('other'), secrets, at(signedAt + 9_999));

    expect(verification).toEqual({ kind: 'refused', reason: 'mismatch' });
  });

  it.each([
    [72 * 3_600, fresh],
    [72 * 3_600 + 1, stale],
    [-300, fresh],
    [-301, stale],
  ])(
    'row 15: of TikTok at an age of %d seconds may be configured to three days back, never ahead',
    (age, expected) => {
      const request = post({ 'tiktok-signature': `t=${signedAt},s=${mac('secret', `${signedAt}.`, body)}` });
      const scheme = withTolerance(tiktokSignature, 72 * 3_600);

      const verification = verifySignature(scheme, request, secrets, at(signedAt + age));

      expect(verification).toEqual(expected);
    },
  );

  it.each([
    [
      { timestamp: '2025-10-09T08:53:20+00:00' },
      { kind: 'verified', secret: 'current', timestamp: 1_760_000_000_000 },
    ],
    [
      { timestamp: '2025-10-09T10:53:20.000+02:00' },
      { kind: 'verified', secret: 'current', timestamp: 1_760_000_000_000 },
    ],
    [{ timestamp: '2025-10-09T03:53:20+00:00' }, stale],
    [{ timestamp: '2025-10-09 08:53:20' }, { kind: 'refused', reason: 'malformed' }],
    [{ timestamp: '2025-13-39T08:53:20Z' }, { kind: 'refused', reason: 'malformed' }],
    [{ timestamp: 5 }, { kind: 'refused', reason: 'malformed' }],
    [{ timestamp: null }, { kind: 'verified', secret: 'current' }],
    [{}, { kind: 'verified', secret: 'current' }],
  ])('row 15: of Klaviyo is decided by the body, never by the header: %j', (times, expected) => {
    const fiveHoursOff = 'Thu, 09 Oct 2025 03:53:20 GMT';
    const text = JSON.stringify({ data: [], meta: { klaviyo_webhook_id: 'one', ...times } });
    const request: SignedRequest = {
      method: 'POST',
      headers: {
        'klaviyo-timestamp': fiveHoursOff,
        'klaviyo-webhook-id': 'one',
        'klaviyo-signature': mac('secret', text, fiveHoursOff),
      },
      body: Buffer.from(text),
    };

    const verification = verifySignature(klaviyoSignature, request, secrets, at(1_760_000_000));

    expect(verification).toEqual(expected);
  });

  it.each([
    '01767225600',
    '+1767225600',
    '1767225600.0',
    '1.7672256e9',
    '0x6955b900',
    '',
    '-1',
    '0',
    '1767225600e0',
  ])('row 15: refuses the time %j, though it is signed', (text) => {
    const verification = verifySignature(slackSignature, slack('secret', text), secrets, at(signedAt));

    expect(verification.kind).toBe('refused');
  });
});
