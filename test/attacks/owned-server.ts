/**
 * An OpenID Connect server under the control of a test: honest by default, dishonest where the test makes it so.
 * It has no consent page; a test builds the platform's redirect itself. It records every call it receives.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, SignJWT } from 'jose';

/** The parameters of the client's authorization URL. */
export interface Asked {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly challenge: string | undefined;
  readonly method: string | undefined;
}

export interface ReceivedCall {
  readonly path: string;
  readonly form: URLSearchParams;
}

/** How a token response differs from an honest one. */
export interface Bend {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signedBy?: KeyObject;
  readonly answer?: Readonly<Record<string, unknown>>;
}

export type OwnedServer = Awaited<ReturnType<typeof startOwnedServer>>;

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** A key that the server does not publish. */
export const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

/** @param promisesIssuer whether its metadata promises `iss` in every authorization response (RFC 9207). */
export async function startOwnedServer({ promisesIssuer = true } = {}) {
  const calls: ReceivedCall[] = [];
  const codes = new Map<string, Asked>();
  let bend: Bend = {};
  let subject = 'owned-subject-1';
  let origin = '';

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  origin = `http://127.0.0.1:${address.port}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', origin);
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    calls.push({ path: pathname, form });
    const { status, body } = await answerTo(pathname, form);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async function answerTo(path: string, form: URLSearchParams) {
    switch (path) {
      case '/.well-known/openid-configuration':
        return { status: 200, body: metadata() };
      case '/jwks':
        return {
          status: 200,
          body: { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256' }] },
        };
      case '/token':
        return redeem(form);
      case '/me':
        return { status: 200, body: { sub: subject, name: 'Owned Person' } };
      default:
        return { status: 200, body: {} };
    }
  }

  /** The methods it offers for PKCE are a lure: what a client may do is not the server's to talk down. */
  function metadata() {
    return {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      userinfo_endpoint: `${origin}/me`,
      revocation_endpoint: `${origin}/revoke`,
      jwks_uri: `${origin}/jwks`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['plain'],
      authorization_response_iss_parameter_supported: promisesIssuer,
    };
  }

  async function redeem(form: URLSearchParams) {
    const asked = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (asked === undefined || (asked.challenge !== undefined && asked.challenge !== challenge)) {
      return { status: 400, body: { error: 'invalid_grant' } };
    }
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: origin,
      aud: asked.clientId,
      sub: subject,
      nonce: asked.nonce,
      iat: now,
      exp: now + 300,
      ...bend.claims,
    };
    const idToken = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(bend.signedBy ?? keys.privateKey);
    return {
      status: 200,
      body: {
        access_token: `s4ndb0x-owned-${randomBytes(16).toString('hex')}`,
        refresh_token: `s4ndb0x-owned-${randomBytes(16).toString('hex')}`,
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'openid profile offline_access',
        id_token: idToken,
        ...bend.answer,
      },
    };
  }

  return {
    origin,
    calls,
    callsTo: (path: string) => calls.filter((call) => call.path === path),
    /** What the next token answers differ in. */
    bendTo: (wanted: Bend) => {
      bend = wanted;
    },
    /** Who the next tokens speak for. */
    speakFor: (wanted: string) => {
      subject = wanted;
    },
    /** A code for what a client asked. */
    issueCode(asked: Asked): string {
      const code = `s4ndb0x-owned-${randomBytes(16).toString('hex')}`;
      codes.set(code, asked);
      return code;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Parses an authorization URL. */
export function readAsked(authorizationUrl: string): Asked {
  const query = new URL(authorizationUrl).searchParams;
  return {
    clientId: query.get('client_id') ?? query.get('client_key') ?? '',
    redirectUri: query.get('redirect_uri') ?? '',
    state: query.get('state') ?? '',
    nonce: query.get('nonce') ?? '',
    challenge: query.get('code_challenge') ?? undefined,
    method: query.get('code_challenge_method') ?? undefined,
  };
}

/** The redirect of an honest server to the client's redirect URI, with code, state and issuer. */
export function redirectBack(server: OwnedServer, asked: Asked, code: string): string {
  const query = new URLSearchParams({ code, state: asked.state, iss: server.origin });
  return `${asked.redirectUri}?${query.toString()}`;
}
