/**
 * `GET /me` of the sandbox for Instagram Login: the professional account with both of its ids.
 * https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
 */
import type { Call, Platform, Reply } from '../../sandbox/dialect.ts';
import { graphError, parseFields, pick, withNumbers } from '../meta/graph-reply.ts';
import { withCallToken } from '../meta/graph-tokens.ts';
import type { UsageMeter } from '../meta/graph-usage.ts';
import { professionalFields, professionals } from '../meta/people.ts';
import type { Modes } from './modes.ts';

export function loginProfile(call: Call, platform: Platform<Modes>, usage: UsageMeter): Reply {
  return withCallToken(call, platform, ({ grant }) => {
    const account = professionals.find(({ key }) => key === grant.account);
    if (account === undefined) return graphError({ code: 2, message: 'The account is gone.' });
    return usage.meter({ clientId: grant.clientId, account: account.igId }, () => {
      if (!grant.scopes.includes('instagram_business_basic')) {
        return graphError(
          { code: 10, message: '(#10) The permission instagram_business_basic is missing.' },
          403,
        );
      }
      const known = {
        // The user as this app sees them, and the professional account.
        id: grant.subject,
        user_id: account.igId,
        account_type: account.accountType,
        ...professionalFields(account, platform.avatarUrl(account, 'stp=dst-jpg_s206&oe=6A0F')),
      };
      const shown = pick(known, parseFields(call.url.searchParams.get('fields') ?? 'id'));
      if (shown.kind === 'refused') return shown.reply;
      const { ids, profileBody } = platform.modes();
      return withNumbers(
        profileBody === 'wrapped' ? { data: [shown.value] } : shown.value,
        ids === 'number' ? ['id', 'user_id'] : [],
      );
    });
  });
}
