/** Profiles as the platforms document them: the reader takes the stable id and a display name, and invents nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonObject } from '../../lib/json.ts';
import { openid } from '../../lib/platforms/openid/definition.ts';
import { reddit } from '../../lib/platforms/reddit/definition.ts';
import { tiktok } from '../../lib/platforms/tiktok/definition.ts';
import { dialectOf } from '../../lib/providers/adapter/dialect.ts';
import { readProfile } from '../../lib/providers/adapter/read-profile.ts';

const tiktokUser = (user: object, error: object = { code: 'ok', message: '', log_id: 'x' }) => ({
  data: { user },
  error,
});

describe("TikTok's profile", () => {
  it('requests only the fields that the granted scopes cover', () => {
    const fieldsOf = (scopes: readonly string[]) => tiktok.code.profileQuery?.(scopes)['fields']?.split(',');

    expect(fieldsOf(['user.info.basic'])).toEqual([
      'open_id',
      'union_id',
      'display_name',
      'avatar_url',
      'avatar_url_100',
      'avatar_large_url',
    ]);
    expect(fieldsOf(['user.info.basic', 'user.info.profile', 'video.list'])).toContain('username');
    expect(fieldsOf(['user.info.stats'])).toContain('follower_count');
    expect(fieldsOf(['user.info.stats'])).not.toContain('username');
    expect(fieldsOf(['__proto__', 'constructor'])).toHaveLength(6);
  });

  it('is read from the documented example', () => {
    const reading = readProfile(
      tiktok.data,
      tiktokUser({
        open_id: '723f24d7-EXAMPLE',
        union_id: 'c9c60f44-EXAMPLE',
        display_name: 'Example',
        avatar_url: 'https://p16/small',
        avatar_large_url: 'https://p16/large',
        is_verified: false,
        follower_count: '17841405822304914',
      }),
    );

    expect(reading).toEqual({
      kind: 'accounts',
      accounts: [
        {
          accountId: '723f24d7-EXAMPLE',
          displayName: 'Example',
          avatarUrl: 'https://p16/large',
          metadata: { unionId: 'c9c60f44-EXAMPLE', verified: false, followers: '17841405822304914' },
        },
      ],
    });
  });

  it.each([
    [{ open_id: 'o', display_name: '', username: 'handle' }, 'handle'],
    [{ open_id: 'o' }, 'o'],
  ])('has a name to show in any case: %j', (user, displayName) => {
    expect(readProfile(tiktok.data, tiktokUser(user))).toMatchObject({ accounts: [{ displayName }] });
  });

  it.each([
    ['an error object', tiktokUser({}, { code: 'access_token_invalid' }), 'access_token_invalid'],
    [
      'an error at top level',
      { code: 'scope_not_authorized', message: '', logid: 'x' },
      'scope_not_authorized',
    ],
    ['no user', { data: {}, error: { code: 'ok' } }, 'unreadable'],
    ['no id', tiktokUser({ display_name: 'x' }), 'unreadable'],
    ['an id that is no text', tiktokUser({ open_id: 7 }), 'unreadable'],
    ['nothing', {}, 'unreadable'],
  ])('is no account when the answer holds %s', (_name, body, code) => {
    expect(readProfile(tiktok.data, body)).toEqual({ kind: 'error', code });
  });
});

describe("Reddit's profile", () => {
  const me = { id: 'w4k2m1a', name: 'harbour_pilot', icon_img: 'https://a/i?s=1&t=2', total_karma: 7 };

  it('is requested with raw_json, and read at top level or wrapped', () => {
    expect(reddit.data.profile?.query).toEqual({ raw_json: '1' });
    for (const body of [me, { kind: 't2', data: me }]) {
      expect(readProfile(reddit.data, body)).toEqual({
        kind: 'accounts',
        accounts: [
          {
            accountId: 'w4k2m1a',
            displayName: 'u/harbour_pilot',
            avatarUrl: 'https://a/i?s=1&t=2',
            metadata: { username: 'harbour_pilot', karma: 7 },
          },
        ],
      });
    }
  });

  it.each([
    ['the snoovatar first', { ...me, snoovatar_img: 'https://a/s' }, 'https://a/s'],
    ['none for two empty ones', { ...me, icon_img: '', snoovatar_img: '' }, undefined],
    ['none for none', { ...me, icon_img: null, snoovatar_img: null }, undefined],
  ])('shows %s', (_name, body, avatarUrl) => {
    const reading = readProfile(reddit.data, body);

    expect(reading.kind === 'accounts' && reading.accounts[0]?.avatarUrl).toBe(avatarUrl);
  });

  it('states that the account is suspended', () => {
    const reading = readProfile(reddit.data, { ...me, is_suspended: true, verified: true });

    expect(reading).toMatchObject({ accounts: [{ metadata: { suspended: true, verified: true } }] });
  });

  it.each([
    [{ message: 'Unauthorized', error: 401 }, 'http_401'],
    [{ error: 'invalid_grant' }, 'unreadable'],
    [{ id: 7, name: 'x' }, 'unreadable'],
    [{ data: null, id: 'x' }, 'unreadable'],
    [{}, 'unreadable'],
  ])('is no account in %j', (body, code) => {
    expect(readProfile(reddit.data, body)).toEqual({ kind: 'error', code });
  });

  it('is requested with the User-Agent that the operator registered', () => {
    expect(dialectOf(reddit, { userAgent: 'web:com.example:v1 (by /u/example)' }).headers).toEqual({
      'user-agent': 'web:com.example:v1 (by /u/example)',
    });
  });
});

describe("an OpenID server's profile", () => {
  it.each([
    [{ sub: 's', name: 'Inês', preferred_username: 'ines' }, 'Inês'],
    [{ sub: 's', name: '', preferred_username: 'ines' }, 'ines'],
    [{ sub: 's', name: 7 }, 's'],
  ])('shows a name in any case: %j', (body, displayName) => {
    expect(readProfile(openid.data, body)).toMatchObject({ accounts: [{ accountId: 's', displayName }] });
  });

  it.each([{}, { sub: '' }, { sub: 7 }, { sub: null, email: 'ines@example.com' }])(
    'row 9: is refused without a valid subject: %j',
    (body) => {
      expect(readProfile(openid.data, body)).toEqual({ kind: 'error', code: 'unreadable' });
    },
  );
});

describe('row 9: every profile', () => {
  it.each([
    ['tiktok', tiktok],
    ['reddit', reddit],
    ['openid', openid],
  ] as const)('of %s leaves out e-mail addresses, and no content makes its reader throw', (_id, provider) => {
    const hostile = fc.oneof(
      fc.json().map((text) => jsonObject(text) ?? {}),
      fc.jsonValue().map((user) => ({ data: { user }, id: user, name: user, sub: user, error: user })),
    );

    fc.assert(
      fc.property(hostile, (body) => {
        const reading = readProfile(provider.data, { ...body, email: 's4ndb0x@example.com' });

        expect(JSON.stringify(reading)).not.toContain('s4ndb0x');
      }),
    );
  });
});
