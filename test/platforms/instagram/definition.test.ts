/** The data of Instagram's two flavours: how it classifies their errors, reads their answers and builds their paths. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonObject } from '../../../lib/json.ts';
import { classifyFailure } from '../../../lib/oauth/outcome.ts';
import { instagram, instagramFacebook } from '../../../lib/platforms/instagram/definition.ts';
import { graphErrors, readRefusal } from '../../../lib/platforms/instagram/errors.ts';
import { appSecretProof } from '../../../lib/platforms/instagram/facebook.ts';
import { readLoginProfile, readLoginTokens } from '../../../lib/platforms/instagram/login.ts';
import { readPages } from '../../../lib/platforms/instagram/pages.ts';
import { endpointsOf } from '../../../lib/providers/adapter/fill.ts';
import { describeFlaws, parseProviderData } from '../../../lib/providers/definition/parse.ts';
import { Secret } from '../../../lib/telemetry/secret.ts';

function classify(body: object, status = 400, headers: Readonly<Record<string, string>> = {}) {
  const answer = {
    kind: 'answered',
    status,
    headers: new Headers(headers),
    body: JSON.stringify(body),
  } as const;
  return classifyFailure(answer, graphErrors, 0, readRefusal);
}
const graph = (code: number, more: object = {}) => ({
  error: { message: 'Some words', type: 'OAuthException', code, fbtrace_id: 'AbC', ...more },
});
const flat = (error_message: string, error_type = 'OAuthException') => ({
  error_type,
  code: 400,
  error_message,
});

describe('an Instagram error', () => {
  it.each([190, 102, 3, 10, 200, 210, 299])('with code %i requires a reconnect', (code) => {
    for (const status of [400, 401, 403]) {
      expect(classify(graph(code), status)).toEqual({ kind: 'reconnect_required', reason: String(code) });
    }
  });

  it.each([458, 459, 460, 463, 464, 467, 492])(
    'with subcode %i means a dead token, whatever its code',
    (error_subcode) => {
      expect(classify(graph(190, { error_subcode })).kind).toBe('reconnect_required');
      expect(classify(graph(2_500, { error_subcode }))).toEqual({
        kind: 'reconnect_required',
        reason: `subcode_${error_subcode}`,
      });
    },
  );

  it.each([4, 17, 32, 341, 613, 80_000, 80_002, 80_006, 80_014, 1, 2, -1, -2])(
    'with code %i is transient under any status',
    (code) => {
      for (const status of [400, 401, 403]) {
        expect(classify(graph(code), status)).toEqual({ kind: 'retryable', reason: String(code) });
      }
      expect(classify(graph(code), 429).kind).toBe('retryable');
    },
  );

  it.each([100, 2_500, 506, 9_004, 300, 199])('with code %i does not end the grant', (code) => {
    expect(classify(graph(code))).toEqual({ kind: 'retryable', reason: 'unrecognised_error' });
    expect(classify(graph(code), 401).kind).toBe('retryable');
  });

  it('that is marked transient is transient, even with the code of a dead token', () => {
    expect(classify(graph(190, { is_transient: true }))).toEqual({ kind: 'retryable', reason: 'transient' });
  });

  it.each([
    [graph(1, { message: 'Error validating client secret.' })],
    [graph(100, { message: 'Error validating client secret.' })],
    [graph(1, { message: 'Error validating client secret.', error_subcode: 33 })],
    [graph(101, { message: 'Error validating application. Invalid application ID.' })],
    [graph(100, { message: 'Invalid appsecret_proof provided in the API argument' })],
    [flat('Invalid platform app')],
    [flat('Invalid Client ID')],
    [flat('Error validating client secret.')],
  ])('about the app does not end the connection of the user: %j', (body) => {
    expect(classify(body).kind).toBe('misconfigured');
  });

  it.each([
    [graph(100, { error_subcode: 36_007 })],
    [graph(100, { error_subcode: 36_008 })],
    [graph(100, { error_subcode: 36_009 })],
    [graph(100, { message: 'Invalid verification code format.' })],
    [flat('Matching code was not found or was already used')],
    [flat('No matching code found.')],
  ])('about the code ends the flow: %j', (body) => {
    expect(classify(body).kind).toBe('reconnect_required');
  });

  it('of an undocumented kind is unclassified', () => {
    expect(classify(flat('Too many', 'OAuthRateLimitException'))).toEqual({
      kind: 'retryable',
      reason: 'unrecognised_error',
    });
  });

  it('never repeats the message of the platform', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), fc.option(fc.integer()), (message, code, subcode) => {
        const failure = classify(
          graph(code, { message, ...(subcode !== null && { error_subcode: subcode }) }),
        );

        expect(
          'reason' in failure &&
            (Object.hasOwn(graphErrors, failure.reason) || failure.reason === 'unrecognised_error'),
        ).toBe(true);
      }),
    );
  });
});

describe('the retry delay after an Instagram rate limit', () => {
  const use = (entries: object) => ({ 'x-business-use-case-usage': JSON.stringify(entries) });
  const waitOf = (headers: Readonly<Record<string, string>>) => {
    const failure = classify(graph(80_002), 400, headers);
    return failure.kind === 'retryable' ? failure.afterSeconds : failure.kind;
  };

  it('is the longest one in the usage header, in minutes', () => {
    const entry = (minutes: number) => ({
      type: 'instagram',
      call_count: 100,
      estimated_time_to_regain_access: minutes,
    });

    expect(waitOf(use({ '1784': [entry(3), entry(19)], '999': [entry(0)] }))).toBe(1_140);
  });

  it('is at most a day', () => {
    expect(waitOf(use({ '1784': [{ estimated_time_to_regain_access: 1e9 }] }))).toBe(86_400);
  });

  it.each([
    [{}],
    [{ 'x-business-use-case-usage': 'garbage' }],
    [{ 'x-business-use-case-usage': '{"1784":[{"estimated_time_to_regain_access":"soon"}]}' }],
    [use({ '1784': [{ estimated_time_to_regain_access: 0 }] })],
    [use({ '1784': [{ estimated_time_to_regain_access: -5 }] })],
    [use({ '1784': [{}] })],
  ])('is undefined when Meta names none: %j', (headers) => {
    expect(waitOf(headers)).toBeUndefined();
  });

  it('honours Retry-After if Meta sends it', () => {
    expect(waitOf({ 'retry-after': '30' })).toBe(30);
  });
});

describe('the appsecret_proof', () => {
  it('is the documented HMAC of the token', () => {
    const proof = appSecretProof(
      new Secret('meta-test-app-secret-fedcba9876543210'),
      new Secret('EAATESTtoken1234567890'),
    );

    expect(proof).toBe('91835c2f5dad5e20a01a4d52a9a261fc521774a81645b7517a0f2a2c99fcd729');
  });
});

describe('a token response of Instagram Login', () => {
  const token = { access_token: 's4ndb0x', user_id: '1020' };

  it.each([
    [{ data: [{ ...token, permissions: 'a,b' }] }],
    [{ data: [{ ...token, permissions: ['a', 'b'] }] }],
    [{ ...token, permissions: 'a,b' }],
    [{ ...token, permissions: ['a', 'b'] }],
  ])('is read in every shape: %j', (body) => {
    expect(readLoginTokens(body)).toMatchObject({ access_token: 's4ndb0x', scope: 'a,b' });
  });

  it('without permissions leaves the scopes unknown', () => {
    expect(readLoginTokens(token)).not.toHaveProperty('scope');
  });

  it.each([[{ data: [] }], [{ data: 'x' }], [{ data: [null] }], [{}]])(
    'without a usable token is not a grant: %j',
    (body) => {
      expect(readLoginTokens(body)).not.toHaveProperty('access_token');
    },
  );
});

describe('a profile of Instagram Login', () => {
  const text =
    '{"id":17841499999999999,"user_id":17841405793187218,"username":"harbour","followers_count":7}';

  it('keeps every digit of ids sent as numbers', () => {
    const reading = readLoginProfile(jsonObject(text) ?? {});

    expect(reading).toMatchObject({
      accounts: [
        {
          accountId: '17841405793187218',
          platformUserId: '17841499999999999',
          displayName: '@harbour',
          metadata: {
            ig_business_id: '17841405793187218',
            app_scoped_id: '17841499999999999',
            followers_count: 7,
          },
        },
      ],
    });
  });

  it('shows the name, or the id, of an account without a username', () => {
    const nameOf = (body: Readonly<Record<string, unknown>>) => {
      const reading = readLoginProfile({ id: '1', user_id: '2', ...body });
      return reading.kind === 'accounts' ? reading.accounts[0]?.displayName : reading.code;
    };

    expect(nameOf({ username: 'u', name: 'N' })).toBe('@u');
    expect(nameOf({ username: '', name: 'N' })).toBe('N');
    expect(nameOf({})).toBe('2');
  });

  it.each([
    [{}],
    [{ id: '1' }],
    [{ user_id: '1' }],
    [{ id: '', user_id: '2' }],
    [{ id: '1', user_id: null }],
  ])('without both ids is rejected: %j', (body) => {
    expect(readLoginProfile(body)).toEqual({ kind: 'error', code: 'unreadable' });
  });
});

describe('a response that lists Pages', () => {
  const linked = { id: '1784', username: 'harbour' };

  it('yields the linked accounts that come with a Page token', () => {
    const reading = readPages({
      data: [
        { id: '1', name: 'Linked', access_token: 's4ndb0x', instagram_business_account: linked },
        { id: '2', name: 'Not linked', access_token: 's4ndb0x' },
        { id: '3', name: 'No token', instagram_business_account: { id: '1785' } },
      ],
    });

    expect(reading).toMatchObject({
      accounts: [{ accountId: '1784', metadata: { page_id: '1', page_name: 'Linked', username: 'harbour' } }],
    });
    expect(JSON.stringify(reading)).not.toContain('s4ndb0x');
  });

  it.each([
    [{}],
    [{ data: 'x' }],
    [{ data: [{}] }],
    [{ data: [{ id: '1', instagram_business_account: {} }] }],
  ])('that is malformed is an error, not an empty list: %j', (body) => {
    expect(readPages(body)).toEqual({ kind: 'error', code: 'unreadable' });
  });
});

describe('the Graph API version', () => {
  it('is part of every versioned path, v26.0 unless the app sets another', () => {
    expect(endpointsOf(instagram.data, {})).toEqual({
      authorization: 'https://www.instagram.com/oauth/authorize',
      token: 'https://api.instagram.com/oauth/access_token',
      profile: 'https://graph.instagram.com/v26.0/me',
      others: {
        longLived: 'https://graph.instagram.com/access_token',
        refresh: 'https://graph.instagram.com/refresh_access_token',
      },
    });
    expect(endpointsOf(instagramFacebook.data, { graphVersion: 'v25.0' })).toMatchObject({
      authorization: 'https://www.facebook.com/v25.0/dialog/oauth',
      token: 'https://graph.facebook.com/v25.0/oauth/access_token',
      others: { inspection: 'https://graph.facebook.com/v25.0/debug_token' },
    });
  });

  it.each(['', 'v26', '26.0', 'v26.0/../v1.0', 'v26.0?x=', 'v26.0\n'])('rejects %j', (graphVersion) => {
    expect(() => endpointsOf(instagram.data, { graphVersion })).toThrow(/graphVersion .* is malformed/);
  });

  it('is a path variable that a definition must declare', () => {
    const reading = parseProviderData({ ...instagram.data, appSettings: {} }, true);

    expect(reading.kind === 'flawed' && describeFlaws(reading.flaws)).toMatch(
      /\{graphVersion\}, which is neither a connection field nor an app setting/,
    );
  });
});
