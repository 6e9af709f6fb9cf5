/**
 * Instagram, as two products that never mix. `instagram`: the professional account logs in itself (Instagram Login).
 * Take the *Instagram* app id and secret from https://developers.facebook.com, Instagram > API setup with Instagram
 * login > Business login settings, and enter the context's redirect URI there; the Meta pair is refused.
 * `instagram-facebook`: a Facebook user logs in who can act for the Page that the account is linked to (Facebook Login).
 * Take the Meta app id and secret from App settings > Basic, and enter the redirect URI under Facebook Login > Settings.
 */
import { defineProvider, type OptionalSetting } from './definition.ts';
import { graphErrors, readRefusal } from './instagram-errors.ts';
import { facebookLoginWebhook, instagramLoginWebhook } from './instagram-events.ts';
import { adaptInstagramFacebook } from './instagram-facebook.ts';
import {
  adaptInstagramLogin,
  loginProfileFields,
  readLoginProfile,
  readLoginTokens,
} from './instagram-login.ts';
import { pageFields, readPages } from './instagram-pages.ts';

/** Always in the path: without it Meta takes a version that somebody can change in the app's dashboard. */
const graphVersion: OptionalSetting = {
  meaning: 'Version of the Graph API, as in v26.0',
  // The newest of November 2026; a version works until two years after its successor.
  default: 'v26.0',
  pattern: /^v\d{1,3}\.\d$/,
};

export const instagram = defineProvider({
  id: 'instagram',
  name: 'Instagram',
  auth: 'oauth2',
  origins: {
    www: 'https://www.instagram.com',
    api: 'https://api.instagram.com',
    graph: 'https://graph.instagram.com',
  },
  endpoints: {
    authorization: '{www}/oauth/authorize',
    token: '{api}/oauth/access_token',
    profile: '{graph}/{graphVersion}/me',
    // Neither has a version.
    others: { longLived: '{graph}/access_token', renewal: '{graph}/refresh_access_token' },
  },
  optionalSettings: { graphVersion },
  scopes: {
    separator: ',',
    available: {
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
  client: { authentication: 'client_secret_post' },
  tokens: {
    refresh: 're-exchange',
    // Sixty days: wanted from about day 30 on, and never left until the last ten.
    margin: { share: 0.25, atLeastSeconds: 864_000, atMostSeconds: 1_296_000 },
    readAnswer: readLoginTokens,
    assumedLifetimeSeconds: 5_184_000,
    // Sixty days without a renewal, and the grant is dead for good.
    proactive: 'always',
    minimumAgeSeconds: 86_400,
  },
  // No endpoint is documented: users remove apps in Instagram's own settings.
  revocation: { reach: 'none', token: 'access_token' },
  errors: graphErrors,
  readRefusal,
  accounts: 'one',
  webhook: instagramLoginWebhook,
  profile: { query: () => ({ fields: loginProfileFields.join(',') }), read: readLoginProfile },
  adapt: adaptInstagramLogin,
});

export const instagramFacebook = defineProvider({
  id: 'instagram-facebook',
  name: 'Instagram (Facebook Login)',
  auth: 'oauth2',
  origins: { www: 'https://www.facebook.com', graph: 'https://graph.facebook.com' },
  endpoints: {
    authorization: '{www}/{graphVersion}/dialog/oauth',
    token: '{graph}/{graphVersion}/oauth/access_token',
    revocation: '{graph}/{graphVersion}/me/permissions',
    profile: '{graph}/{graphVersion}/me/accounts',
    others: {
      user: '{graph}/{graphVersion}/me',
      permissions: '{graph}/{graphVersion}/me/permissions',
      inspection: '{graph}/{graphVersion}/debug_token',
    },
  },
  optionalSettings: { graphVersion },
  scopes: {
    separator: ',',
    available: {
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
  // None is documented.
  pkce: 'none',
  // In the query, which is all that is documented for these endpoints; see the functions.
  client: { authentication: 'client_secret_post' },
  // Shows what a user declined before once more, so that a reconnect can bring what is missing.
  authorizationParameters: { auth_type: 'rerequest' },
  tokens: {
    refresh: 're-exchange',
    // Sixty days; wanted 11 to 19 days before the end, where Meta's guides advise 10 to 14.
    margin: { share: 0.17, atLeastSeconds: 864_000, atMostSeconds: 1_036_800 },
    // An expired user token cannot be exchanged.
    proactive: 'always',
  },
  // Deletes every permission the user gave this app, shown the user's token.
  revocation: { reach: 'grant', token: 'refresh_token' },
  errors: graphErrors,
  readRefusal,
  accounts: 'several',
  webhook: facebookLoginWebhook,
  profile: { query: () => ({ fields: pageFields }), read: readPages },
  adapt: adaptInstagramFacebook,
});
