/** Reddit, OAuth 2 for web apps. Its README says how an app is registered and where it differs from others. */
import { definePlatform } from '../../providers/define-platform.ts';

export const reddit = definePlatform({
  data: {
    id: 'reddit',
    name: 'Reddit',
    kind: 'oauth2',
    category: 'social',
    docsUrl: 'https://github.com/reddit-archive/reddit/wiki/OAuth2',
    endpoints: {
      authorization: 'https://www.reddit.com/api/v1/authorize',
      token: 'https://www.reddit.com/api/v1/access_token',
      revocation: 'https://www.reddit.com/api/v1/revoke_token',
    },
    scopes: {
      open: false,
      known: {
        identity: 'Username and signup date',
        read: 'Posts and comments',
        submit: 'Post links and comments',
        edit: 'Edit and delete own items',
        history: 'Own votes, saved items and submissions',
        mysubreddits: 'Subscribed and moderated communities',
        privatemessages: 'Inbox, including comment replies',
        vote: 'Vote',
        save: 'Save items',
        subscribe: 'Subscribe to communities',
        report: 'Report content',
        flair: 'Choose flair',
        account: 'Account preferences',
        creddits: 'Spend coins',
        livemanage: 'Live threads',
        announcements: 'Announcements',
        structuredstyles: 'Community styling',
        modconfig: 'Moderation: settings',
        modcontributors: 'Moderation: contributors',
        modflair: 'Moderation: flair',
        modlog: 'Moderation: log',
        modmail: 'Moderation: mail',
        modnote: 'Moderation: notes',
        modothers: 'Moderation: other moderators',
        modposts: 'Moderation: posts',
        modself: 'Moderation: own role',
        modtraffic: 'Moderation: traffic',
        modwiki: 'Moderation: wiki',
        wikiedit: 'Edit the wiki',
        wikiread: 'Read the wiki',
      },
      default: ['identity'],
      required: ['identity'],
    },
    pkce: 'none',
    clientAuthentication: 'http_basic',
    // Without it there is no refresh token.
    authorizationParameters: { duration: 'permanent' },
    // An answer that does bring a new refresh token replaces the old one all the same.
    refresh: { kind: 'static', assumedLifetimeSeconds: 3_600 },
    // Revoking the refresh token takes its access tokens with it, and no other consent's.
    revocation: { reach: 'token' },
    errors: {
      meanings: {
        // A refresh token that is unknown, revoked or another app's: `{"message":"Bad Request","error":400}` since 2025,
        // `invalid_request` in the archived source. Only a code in the body counts, not a 400 of the edge.
        '400': 'reconnect_required',
        invalid_request: 'reconnect_required',
        unsupported_response_type: 'misconfigured',
        // The edge refusing our address or User-Agent: the operator's matter, and no evidence about the grant.
        http_403: 'retryable',
      },
    },
    appSettings: {
      userAgent: {
        meaning: 'The User-Agent Reddit demands, as <platform>:<app ID>:<version> (by /u/<username>)',
      },
    },
    headers: { 'user-agent': '{userAgent}' },
    profile: {
      url: 'https://oauth.reddit.com/api/v1/me',
      // Without it, URLs come HTML-escaped.
      query: { raw_json: '1' },
      account: 'data.id|id',
      accountIs: 'text',
      name: 'data.name|name',
      namePrefix: 'u/',
      avatar: 'data.snoovatar_img|data.icon_img|snoovatar_img|icon_img',
      metadata: {
        username: 'data.name|name',
        karma: 'data.total_karma|total_karma',
        verified: 'data.verified|verified',
        suspended: 'data.is_suspended|is_suspended',
      },
    },
    api: {
      base: 'https://oauth.reddit.com/',
      limits: {
        remaining: 'x-ratelimit-remaining',
        reset: { header: 'x-ratelimit-reset', unit: 'seconds' },
      },
    },
  },
});
