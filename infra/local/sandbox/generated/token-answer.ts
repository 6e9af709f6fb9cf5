/** The token answer of a generated platform, each value where the data expects it. */
import type { JsonObject } from '../dialect.ts';
import type { Issued } from '../grants.ts';
import type { GeneratedContext } from './context.ts';
import { besides, bodyOf, type Placed, place } from './data/answer-body.ts';
import type { AccountFacts, ScopeFacts } from './data/facts.ts';
import { tokenAnswerVariables } from './data/variables.ts';
import { endlessSeconds } from './modes.ts';
import { describePerson, personOf } from './people.ts';

/** @param nonce of the authorization, where the answer follows one. */
export function tokenAnswer(context: GeneratedContext, issued: Issued, nonce?: string): JsonObject {
  const { facts, platform } = context;
  const { grant, accessToken, newRefreshToken } = issued;
  const { tokenAnswer: names, tokenAccount, errors } = facts;
  const seconds = platform.lifetimes().accessTokenSeconds;
  const refreshEnd = grant.refreshToken?.expiresAt ?? undefined;
  const refreshSeconds =
    newRefreshToken === undefined || refreshEnd === undefined
      ? undefined
      : Math.floor((refreshEnd - platform.now()) / 1000);
  const body = bodyOf([
    ...place(errors.success?.path, errors.success?.is),
    ...place(names.accessToken, accessToken),
    [besides(names.accessToken, 'token_type'), 'Bearer'],
    ...place(names.expiresIn, seconds === endlessSeconds ? undefined : seconds),
    ...place(names.refreshToken, newRefreshToken),
    ...place(names.refreshExpiresIn, refreshSeconds),
    ...scopesAs(facts.scopes, names.scope, grant.scopes),
    ...(tokenAccount ? describeGrant(context, tokenAccount, issued) : []),
    ...place(names.platformUser, personOf(grant.account)?.userId),
    ...tokenAnswerVariables(facts),
    ...place(context.idTokens && 'id_token', idTokenOf(context, issued, nonce)),
  ]);
  return { ...(typeof body === 'object' ? body : {}) };
}

/** What an answer says of the person behind a grant. */
export function describeGrant(
  { platform }: GeneratedContext,
  places: AccountFacts,
  { grant }: Pick<Issued, 'grant'>,
): readonly Placed[] {
  const person = personOf(grant.account);
  return describePerson(places, {
    accountId: grant.subject,
    key: grant.account,
    avatarUrl: person === undefined ? '' : platform.avatarUrl(person, 'size=80'),
    modes: platform.modes(),
  });
}

function idTokenOf(context: GeneratedContext, issued: Issued, nonce: string | undefined): string | undefined {
  const { facts, idTokens } = context;
  const { clientId, subject } = issued.grant;
  const placed = facts.idTokenAccount ? describeGrant(context, facts.idTokenAccount, issued) : [];
  return idTokens?.issue({ audience: clientId, subject, nonce, placed });
}

/** The granted scopes; those of a further kind stand apart and without their prefix. */
function scopesAs(facts: ScopeFacts, path: string, granted: readonly string[]): readonly Placed[] {
  const { separator, further, grantedPrefix = '' } = facts;
  const isFurther = (scope: string) => further.some(({ prefix }) => scope.startsWith(prefix));
  const plain = granted.filter((scope) => !isFurther(scope)).map((scope) => grantedPrefix + scope);
  return [
    ...place(path, plain.length === 0 ? undefined : plain.join(separator)),
    ...further.flatMap(({ prefix, granted: ownPath }) => {
      const own = granted
        .filter((scope) => scope.startsWith(prefix))
        .map((scope) => scope.slice(prefix.length));
      return place(ownPath, own.length === 0 ? undefined : own.join(separator));
    }),
  ];
}
