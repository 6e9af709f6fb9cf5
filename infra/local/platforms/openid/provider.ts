/**
 * The certified server behind the OpenID sandbox, configured: authorization code with PKCE, opaque tokens that carry
 * the sandbox's marker, refresh tokens that rotate and end their grant when one comes back spent, and no memory of a visitor.
 */
import { type AccountClaims, type Adapter, errors, Provider } from 'oidc-provider';
import { avatarPath } from '../../sandbox/consent/consent.ts';
import { errorPage, pageHeaders } from '../../sandbox/consent/consent-page.ts';
import type { SandboxAccount } from '../../sandbox/dialect.ts';
import type { Lifetimes } from '../../sandbox/grants.ts';
import type { SandboxClient } from '../../sandbox/sandbox-client.ts';
import type { OpenIdStorage } from './storage.ts';

export const title = 'OpenID';

export interface OpenIdAccount extends SandboxAccount {
  /** The stable id: the `sub` of ID tokens and userinfo. */
  readonly subject: string;
}

export const accounts: readonly OpenIdAccount[] = [
  {
    key: 'ines',
    subject: '7f1b0c52-8c1e-4f0a-9a5e-2d6b1f3c9e01',
    name: 'Inês Åkerblom',
    handle: 'ines.akerblom',
    avatarColour: '#00695c',
  },
  {
    key: 'tomas',
    subject: '2c9d4e86-51b7-4d3f-b1c8-90aa7e6f5d02',
    name: 'Tomas Quay',
    handle: 'tomas.quay',
    avatarColour: '#6a1b9a',
  },
  {
    key: 'plain',
    subject: 'e40a6b19-0f7d-4b92-8d14-3b5cc2718f03',
    name: 'Plain Person',
    handle: 'plain.person',
  },
];

/** What each scope lets the application do, in the words of the consent page. */
export const scopes: Readonly<Record<string, string>> = {
  openid: 'Know that it is you',
  profile: 'See your name and picture',
  offline_access: 'Keep this access while you are away',
};

/** In seconds; every one of this server's secrets has an end. */
export type OpenIdLifetimes = { readonly [Name in keyof Lifetimes]: number };

/** The server's own defaults, made explicit. Refresh tokens count from the last rotation. */
export const defaultLifetimes: OpenIdLifetimes = {
  accessTokenSeconds: 3_600,
  refreshTokenSeconds: 14 * 86_400,
  codeSeconds: 60,
};

const interactionSeconds = 3_600;
/** A consent has no end of its own: it lasts until it is revoked. */
const grantSeconds = 10 * 365 * 86_400;

export interface OpenIdProviderDeps {
  readonly issuer: string;
  readonly storage: OpenIdStorage;
  readonly lifetimes: () => OpenIdLifetimes;
  readonly client: (clientId: string) => SandboxClient | undefined;
  readonly interactionPath: (uid: string) => string;
}

/** Builds the server. It listens nowhere by itself. */
export function createProvider({
  issuer,
  storage,
  lifetimes,
  client,
  interactionPath,
}: OpenIdProviderDeps): Provider {
  const provider = new Provider(issuer, {
    adapter: (model) => {
      if (model === 'Client') return readOnly((id) => metadataOf(client(id)));
      // Nobody stays signed in, so that every authorization asks again and every consent is a grant of its own.
      if (model === 'Session') return readOnly(() => undefined);
      return storage.adapter(model);
    },
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'picture'] },
    clientAuthMethods: ['client_secret_basic'],
    clientBasedCORS: () => false,
    clockTolerance: 0,
    expiresWithSession: () => false,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy(_context, by, token) {
          if (token.clientId === by.clientId) return true;
          throw new errors.InvalidRequest('client is not authorized to revoke the presented token');
        },
      },
    },
    findAccount(_context, subject) {
      const account = accounts.find((candidate) => candidate.subject === subject);
      return account && { accountId: subject, claims: () => claimsOf(account, issuer) };
    },
    interactions: { url: (_context, { uid }) => interactionPath(uid) },
    jwks: { keys: storage.keys },
    pkce: { required: () => true },
    renderError(context, { error, error_description: description }) {
      context.type = 'html';
      context.set(pageHeaders);
      context.body = errorPage(title, description === undefined ? error : `${error}: ${description}`);
    },
    responseTypes: ['code'],
    rotateRefreshToken: true,
    scopes: Object.keys(scopes),
    ttl: {
      AccessToken: () => lifetimes().accessTokenSeconds,
      AuthorizationCode: () => lifetimes().codeSeconds,
      Grant: grantSeconds,
      IdToken: () => lifetimes().accessTokenSeconds,
      Interaction: interactionSeconds,
      RefreshToken: () => lifetimes().refreshTokenSeconds,
      Session: interactionSeconds,
    },
  });
  mark(provider.AuthorizationCode, 'oidc_code_');
  mark(provider.AccessToken, 'oidc_at_');
  mark(provider.RefreshToken, 'oidc_rt_');
  provider.on('server_error', (_context, error) => console.error('The OpenID sandbox failed.', error));
  return provider;
}

/**
 * Makes new secrets of one kind carry the marker by which a leak would be found. A model names its instances when they
 * are first saved, by a method that the package's types leave out; the name is the secret.
 */
function mark({ prototype }: { readonly prototype: object }, prefix: string): void {
  const generate: unknown = Reflect.get(prototype, 'generateTokenId');
  if (typeof generate !== 'function')
    throw new Error('oidc-provider makes its token ids in another way now.');
  Reflect.set(prototype, 'generateTokenId', function generateMarkedTokenId(this: unknown) {
    return `${prefix}s4ndb0x_${String(Reflect.apply(generate, this, []))}`;
  });
}

function claimsOf(account: OpenIdAccount, issuer: string): AccountClaims {
  const { subject, name, handle } = account;
  const picture = avatarPath(account);
  return {
    sub: subject,
    name,
    preferred_username: handle,
    ...(picture !== undefined && { picture: issuer + picture }),
  };
}

function metadataOf(client: SandboxClient | undefined): Readonly<Record<string, unknown>> | undefined {
  return (
    client && {
      client_id: client.clientId,
      client_secret: client.clientSecret,
      redirect_uris: client.redirectUris,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    }
  );
}

function readOnly(find: (id: string) => Readonly<Record<string, unknown>> | undefined): Adapter {
  const nothing = async () => undefined;
  return {
    find: async (id) => find(id),
    findByUid: nothing,
    findByUserCode: nothing,
    upsert: nothing,
    consume: nothing,
    destroy: nothing,
    revokeByGrantId: nothing,
  };
}
