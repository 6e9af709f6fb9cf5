/** The part of oidc-provider that the OpenID sandbox uses; the package brings no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  type Payload = Readonly<Record<string, unknown>>;
  /** Seconds. */
  type Lifetime = () => number;
  type Switch = { readonly enabled: boolean };

  /** Where one model is kept; the payload of a code or token names its grant, client and account. */
  export interface Adapter {
    upsert(id: string, payload: Payload, expiresInSeconds?: number): Promise<void>;
    find(id: string): Promise<Payload | undefined>;
    findByUid(uid: string): Promise<Payload | undefined>;
    findByUserCode(userCode: string): Promise<Payload | undefined>;
    consume(id: string): Promise<void>;
    destroy(id: string): Promise<void>;
    revokeByGrantId(grantId: string): Promise<void>;
  }

  /** A Koa context, as far as an error page needs it. The status is already set. */
  export interface PageContext {
    type: string;
    body: string;
    set(headers: Readonly<Record<string, string>>): void;
  }

  export interface Configuration {
    readonly adapter: (model: string) => Adapter;
    readonly claims: Readonly<Record<string, readonly string[]>>;
    readonly clientAuthMethods: readonly string[];
    readonly clientBasedCORS: () => boolean;
    readonly clockTolerance: number;
    readonly expiresWithSession: () => boolean;
    readonly features: {
      readonly devInteractions: Switch;
      readonly dPoP: Switch;
      readonly pushedAuthorizationRequests: Switch;
      readonly resourceIndicators: Switch;
      readonly rpInitiatedLogout: Switch;
      readonly revocation: Switch & {
        readonly allowedPolicy: (
          context: unknown,
          client: { readonly clientId: string },
          token: { readonly clientId: string },
        ) => boolean;
      };
    };
    readonly findAccount: (
      context: unknown,
      subject: string,
    ) => { readonly accountId: string; readonly claims: () => Payload } | undefined;
    readonly interactions: {
      readonly url: (context: unknown, interaction: { readonly uid: string }) => string;
    };
    readonly jwks: { readonly keys: readonly Payload[] };
    readonly pkce: { readonly required: () => boolean };
    readonly renderError: (
      context: PageContext,
      out: { readonly error: string; readonly error_description?: string },
    ) => void;
    readonly responseTypes: readonly string[];
    readonly rotateRefreshToken: boolean;
    readonly scopes: readonly string[];
    readonly ttl: Readonly<
      Record<
        | 'AccessToken'
        | 'AuthorizationCode'
        | 'Grant'
        | 'IdToken'
        | 'Interaction'
        | 'RefreshToken'
        | 'Session',
        number | Lifetime
      >
    >;
  }

  /** A kind of code or token. Its instances name themselves when they are first saved; the name is the secret. */
  export interface SecretModel {
    readonly prototype: { generateTokenId: (this: object) => string };
  }

  export interface Grant {
    addOIDCScope(scope: string): void;
    rejectOIDCScope(scope: string): void;
    save(): Promise<string>;
  }

  export interface Interaction {
    readonly uid: string;
    readonly params: Payload;
  }

  export type InteractionResult =
    | { readonly error: string; readonly error_description: string }
    | {
        readonly login: { readonly accountId: string; readonly remember: boolean };
        readonly consent: { readonly grantId: string };
      };

  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    readonly AccessToken: SecretModel;
    readonly AuthorizationCode: SecretModel;
    readonly RefreshToken: SecretModel;
    readonly Grant: new (whose: {
      readonly accountId: string;
      readonly clientId: string;
    }) => Grant;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    on(event: 'server_error', listener: (context: unknown, error: Error) => void): this;
    /** Rejects with {@link errors.SessionNotFound} when the browser is not the one that began, or came too late. */
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
    /** Answers where the browser goes next. */
    interactionResult(
      request: IncomingMessage,
      response: ServerResponse,
      result: InteractionResult,
      options: { readonly mergeWithLastSubmission: boolean },
    ): Promise<string>;
  }

  export const errors: Readonly<
    Record<'InvalidGrant' | 'InvalidRequest' | 'SessionNotFound', new (message: string) => Error>
  >;
}
