/** The scopes that Reddit lists at https://www.reddit.com/api/v1/scopes, with their words on the consent page. */
import type { JsonObject } from '../../sandbox/dialect.ts';

export const scopes = Object.fromEntries(
  (
    'identity read submit edit history mysubreddits privatemessages vote save subscribe report flair account creddits ' +
    'livemanage announcements structuredstyles modconfig modcontributors modflair modlog modmail modnote modothers ' +
    'modposts modself modtraffic modwiki wikiedit wikiread'
  )
    .split(' ')
    .map((scope) => [scope, meaningOf(scope)]),
);

/** The public catalogue as Reddit serves it. */
export function scopeCatalogue(): JsonObject {
  return Object.fromEntries(
    Object.entries(scopes).map(([id, description]) => [id, { id, name: id, description }]),
  );
}

function meaningOf(scope: string): string {
  const known: Readonly<Record<string, string>> = {
    identity: 'Read your user name and signup date',
    read: 'Read posts and comments through your account',
    submit: 'Submit links and comments from your account',
    edit: 'Edit and delete your comments and submissions',
    history: 'Read your votes and what you saved or hid',
    mysubreddits: 'Read the list of your subreddits',
    privatemessages: 'Read your inbox and send private messages',
    flair: 'Choose flair for you and your posts',
  };
  return known[scope] ?? `Use “${scope}” on your behalf`;
}
