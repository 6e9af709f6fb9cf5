/**
 * Instagram, as two products that never mix: `instagram`, where the professional account logs in itself, and
 * `instagram-facebook`, where a Facebook user logs in who can act for the Page that the account is linked to. The
 * README says how each is registered.
 */
import { definePlatform } from '../../providers/define-platform.ts';
import { graphErrors, readRefusal } from './errors.ts';
import { facebookLoginWebhook, instagramLoginWebhook } from './events.ts';
import { adaptInstagramFacebook } from './facebook.ts';
import { adaptInstagramLogin, loginProfileFields, readLoginProfile, readLoginTokens } from './login.ts';
import { pageFields, readPages } from './pages.ts';

/** Always in the path: without it Meta takes a version that somebody can change in the app's dashboard. */
const graphVersion = {
  meaning: 'Version of the Graph API, as in v26.0',
  // The newest of November 2026; a version works until two years after its successor.
  default: 'v26.0',
  pattern: '^v\\d{1,3}\\.\\d$',
};

export const instagram = definePlatform({
  data: {
    id: 'instagram',
    name: 'Instagram',
    kind: 'oauth2',
    category: 'social',
    docsUrl: 'https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/',
    endpoints: {
      authorization: 'https://www.instagram.com/oauth/authorize',
      token: 'https://api.instagram.com/oauth/access_token',
      // Neither has a version.
      others: {
        longLived: 'https://graph.instagram.com/access_token',
        refresh: 'https://graph.instagram.com/refresh_access_token',
      },
    },
    appSettings: { graphVersion },
    scopes: {
      separator: ',',
      open: false,
      known: {
        instagram_business_basic: 'Profile and media; required with all others',
        instagram_business_content_publish: 'Publish posts, reels and stories',
        instagram_business_manage_comments: 'Read, hide, delete and answer comments',
        instagram_business_manage_messages: 'Direct messages',
        instagram_business_manage_insights: 'Insights of the account and its media',
      },
      default: ['instagram_business_basic'],
      required: ['instagram_business_basic'],
    },
    // None is documented.
    pkce: 'none',
    refresh: {
      kind: 're-exchange',
      // Sixty days: wanted from about day 30 on, and never left until the last ten.
      margin: { share: 0.25, atLeastSeconds: 864_000, atMostSeconds: 1_296_000 },
      assumedLifetimeSeconds: 5_184_000,
      // Sixty days without a refresh, and the grant is dead for good.
      proactive: 'always',
      minimumAgeSeconds: 86_400,
    },
    // No revocation is documented: users remove apps in Instagram's own settings.
    errors: { meanings: graphErrors },
    profile: {
      url: 'https://graph.instagram.com/{graphVersion}/me',
      query: { fields: loginProfileFields.join(',') },
      account: 'data.0.user_id|user_id',
    },
    api: { base: 'https://graph.instagram.com/{graphVersion}/' },
  },
  readTokenAnswer: readLoginTokens,
  readRefusal,
  readProfile: readLoginProfile,
  webhook: instagramLoginWebhook,
  adapt: adaptInstagramLogin,
});

export const instagramFacebook = definePlatform({
  data: {
    id: 'instagram-facebook',
    name: 'Instagram (Facebook Login)',
    kind: 'oauth2',
    category: 'social',
    docsUrl: 'https://developers.facebook.com/docs/instagram-platform/instagram-api-with-facebook-login/',
    endpoints: {
      authorization: 'https://www.facebook.com/{graphVersion}/dialog/oauth',
      token: 'https://graph.facebook.com/{graphVersion}/oauth/access_token',
      revocation: 'https://graph.facebook.com/{graphVersion}/me/permissions',
      others: {
        user: 'https://graph.facebook.com/{graphVersion}/me',
        permissions: 'https://graph.facebook.com/{graphVersion}/me/permissions',
        inspection: 'https://graph.facebook.com/{graphVersion}/debug_token',
      },
    },
    appSettings: { graphVersion },
    scopes: {
      separator: ',',
      open: false,
      known: {
        instagram_basic: 'Profile and media',
        instagram_content_publish: 'Publish posts, reels and stories',
        instagram_manage_comments: 'Read, hide, delete and answer comments',
        instagram_manage_insights: 'Insights of the account and its media',
        instagram_manage_messages: 'Direct messages',
        pages_show_list: 'List the Pages that accounts are linked to',
        pages_read_engagement: 'Required with most calls about an account',
        pages_manage_metadata: 'Subscribe a Page to webhooks',
        business_management: 'Accounts that sit in a business portfolio',
        ads_management: 'Needed too where a role on a Page comes from a business',
        ads_read: 'The same, for reading only',
      },
      default: ['instagram_basic', 'pages_show_list', 'pages_read_engagement'],
      required: ['instagram_basic', 'pages_show_list'],
    },
    // None is documented. The client's secret goes into the query, which is all that is documented; see `facebook.ts`.
    pkce: 'none',
    // Shows what a user declined before once more, so that a reconnect can bring what is missing.
    authorizationParameters: { auth_type: 'rerequest' },
    refresh: {
      kind: 're-exchange',
      // Sixty days; wanted 11 to 19 days before the end, where Meta's guides advise 10 to 14.
      margin: { share: 0.17, atLeastSeconds: 864_000, atMostSeconds: 1_036_800 },
      // An expired user token cannot be exchanged.
      proactive: 'always',
    },
    // Deletes every permission the user gave this app, shown the user's token.
    revocation: { method: 'DELETE' },
    errors: { meanings: graphErrors },
    accounts: 'several',
    profile: {
      url: 'https://graph.facebook.com/{graphVersion}/me/accounts',
      query: { fields: pageFields },
      list: 'data',
      account: 'instagram_business_account.id',
    },
    api: { base: 'https://graph.facebook.com/{graphVersion}/' },
  },
  readRefusal,
  readProfile: readPages,
  webhook: facebookLoginWebhook,
  adapt: adaptInstagramFacebook,
});
