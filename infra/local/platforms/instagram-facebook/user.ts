/**
 * What graph.facebook.com tells of a user, their permissions and their tokens, and how all permissions go at once.
 * https://developers.facebook.com/docs/graph-api/reference/user/permissions/ · https://developers.facebook.com/docs/graph-api/reference/debug_token
 */
import { createHmac } from 'node:crypto';
import type { Call, Platform, Reply } from '../../sandbox/dialect.ts';
import type { HeldToken } from '../../sandbox/grants.ts';
import { json } from '../../sandbox/reply.ts';
import { graphError, parseFields, pick, tokenIn } from '../meta/graph-reply.ts';
import { endlessSeconds, kindOf, pageOf, withCallToken } from '../meta/graph-tokens.ts';
import { type FacebookUser, facebookUsers } from '../meta/people.ts';
import type { Modes } from './modes.ts';

/** Answers with the user of a call whose token is good and whose proof, where one is given or wanted, is right. */
export function withUser(
  call: Call,
  platform: Platform<Modes>,
  answer: (user: FacebookUser, held: HeldToken) => Reply,
): Reply {
  return withCallToken(call, platform, (held) => {
    const proof = call.url.searchParams.get('appsecret_proof');
    const secret = platform.client(held.grant.clientId)?.clientSecret ?? '';
    if (proof === null && platform.modes().requireProof) {
      const message = 'API calls from the server require an appsecret_proof argument';
      return graphError({ code: 100, message, type: 'GraphMethodException' });
    }
    if (proof !== null && proof !== createHmac('sha256', secret).update(held.token).digest('hex')) {
      const message = 'Invalid appsecret_proof provided in the API argument';
      return graphError({ code: 100, message, type: 'GraphMethodException' });
    }
    const user = facebookUsers.find(({ key }) => key === held.grant.account);
    return user ? answer(user, held) : graphError({ code: 2, message: 'The user is gone.' });
  });
}

/** `GET /me`: the owner of the token, a user or a Page. */
export function me(call: Call, platform: Platform<Modes>): Reply {
  return withUser(call, platform, (user, { grant, token }) => {
    const page = user.pages.find(({ id }) => id === pageOf(token));
    const known = page ? { id: page.id, name: page.name } : { id: grant.subject, name: user.name };
    const shown = pick(known, parseFields(call.url.searchParams.get('fields') ?? 'id,name'));
    return shown.kind === 'refused' ? shown.reply : json(200, shown.value);
  });
}

/** `GET /me/permissions`: what was granted, and of the profile that every login brings. */
export function grantedPermissions(call: Call, platform: Platform<Modes>): Reply {
  return withUser(call, platform, (_user, { grant, token }) => {
    if (kindOf(token) === 'P') return notOnPages('permissions');
    const granted = [...grant.scopes, 'public_profile'].map((permission) => ({
      permission,
      status: 'granted',
    }));
    return json(200, { data: [...granted, { permission: 'email', status: 'declined' }] });
  });
}

/** `DELETE /me/permissions`: the app is removed from the user's account, with every token of every consent. */
export function removePermissions(call: Call, platform: Platform<Modes>): Reply {
  return withUser(call, platform, (_user, { grant, token }) => {
    if (kindOf(token) === 'P') return notOnPages('permissions');
    platform.grants.end({ account: grant.account, clientId: grant.clientId }, 'client');
    return platform.modes().deletionAnswer === 'object'
      ? json(200, { success: true })
      : { status: 200, headers: {}, body: { kind: 'text', type: 'application/json', text: 'true' } };
  });
}

/** `GET /debug_token`: asked in the app's name, by its id and secret joined with a bar. */
export function inspectToken(call: Call, platform: Platform<Modes>): Reply {
  const [clientId = '', secret = ''] = (tokenIn(call) ?? '').split('|', 2);
  const client = platform.client(clientId);
  if (client === undefined || client.clientSecret !== secret) {
    return graphError({ code: 190, message: 'Invalid OAuth access token signature.' });
  }
  const input = call.url.searchParams.get('input_token') ?? '';
  const held = platform.grants.heldAccessToken(input);
  if (held === undefined || held.grant.clientId !== clientId) {
    const error = {
      code: 190,
      message: 'The token is not valid.',
      subcode: platform.modes().deadTokenSubcode,
    };
    return json(200, { data: { error, is_valid: false, scopes: [] } });
  }
  const { grant, expiresAt, issuedAt = platform.now() } = held;
  const page = pageOf(input);
  const pages = facebookUsers.find(({ key }) => key === grant.account)?.pages ?? [];
  const endless = expiresAt - issuedAt >= endlessSeconds * 1000;
  return json(200, {
    data: {
      app_id: clientId,
      application: clientId,
      type: page === undefined ? 'USER' : 'PAGE',
      is_valid: expiresAt > platform.now(),
      issued_at: seconds(issuedAt),
      expires_at: endless ? 0 : seconds(expiresAt),
      // Only a new consent moves it.
      data_access_expires_at: seconds(grant.grantedAt ?? issuedAt) + platform.modes().dataAccessSeconds,
      user_id: grant.subject,
      ...(page !== undefined && { profile_id: page }),
      scopes: [...grant.scopes, 'public_profile'],
      granular_scopes: grant.scopes.map((scope) =>
        scope.startsWith('pages_') || scope.startsWith('instagram_')
          ? { scope, target_ids: pages.map(({ id }) => id) }
          : { scope },
      ),
    },
  });
}

function notOnPages(edge: string): Reply {
  return graphError({
    code: 100,
    message: `(#100) Tried accessing nonexisting field (${edge}) on node type (Page)`,
  });
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
