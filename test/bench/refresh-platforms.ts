/**
 * Token endpoints of made-up platforms, answering in whatever time is played. They keep the rules that matter to a
 * schedule: a rotated token works once, an expired one is exchanged no more, and now and then nobody answers.
 */
import type {
  PlatformHttp,
  PlatformRequest,
  PlatformResponse,
} from '../../lib/platform-http/platform-http.ts';
import type { ConsentProvider } from '../../lib/providers/provider.ts';

/** A time in which a platform refreshes nothing. Epoch milliseconds. */
export interface Outage {
  readonly provider: string;
  readonly from: number;
  readonly until: number;
  /** An answer that says so, or none at all until the caller gives up. */
  readonly kind: 'refuses' | 'silent';
}

/** One call of a token endpoint. */
export interface TokenCall {
  /** Of {@link Grant.account}. */
  readonly account: number;
  readonly provider: string;
  /** Who called, in the words of whoever opened the way out. */
  readonly caller: string;
  readonly at: number;
  readonly refreshed: boolean;
  /** When the token that was replaced ends or has ended. */
  readonly previousEnd: number;
}

/** What an account's tokens are like. */
export interface Grant {
  readonly account: number;
  readonly provider: ConsentProvider;
  readonly lifetimeSeconds: number;
  readonly expiresAt: number;
}

export interface PlatformsOptions {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Milliseconds that the next answer takes. */
  readonly latency: () => number;
  readonly outages?: readonly Outage[];
}

export type Platforms = ReturnType<typeof openPlatforms>;

/** As long as tokens of a few hundred bytes are. */
const tokenLength = 200;

export function openPlatforms({ now, sleep, latency, outages = [] }: PlatformsOptions) {
  const grants = new Map<number, { grant: Grant; expiresAt: number; version: number }>();
  const calls: TokenCall[] = [];

  async function answer(request: PlatformRequest, caller: string): Promise<PlatformResponse> {
    const [account, version] = readToken(tokenOf(request));
    const held = grants.get(account);
    if (!held) return refused('invalid_grant');
    const { provider, lifetimeSeconds } = held.grant;
    const outage = outages.find(
      (one) => one.provider === provider.id && one.from <= now() && now() < one.until,
    );
    const call = { account, provider: provider.id, caller, at: now(), previousEnd: held.expiresAt };
    if (outage) {
      calls.push({ ...call, refreshed: false });
      await sleep(outage.kind === 'silent' ? (request.timeoutMilliseconds ?? 10_000) : latency());
      return outage.kind === 'silent' ? { kind: 'lost' } : answered(503, { error: 'server_error' });
    }
    const delay = latency();
    if (delay > 0) await sleep(delay);
    const refresh = provider.refresh?.kind;
    const dead = refresh === 're-exchange' ? held.expiresAt <= now() : version !== held.version;
    calls.push({ ...call, at: now(), refreshed: !dead });
    if (dead) return refused('invalid_grant');
    held.expiresAt = now() + lifetimeSeconds * 1000;
    if (refresh !== 'static') held.version += 1;
    return answered(200, {
      access_token: writeToken('access', account, held.version),
      expires_in: lifetimeSeconds,
      token_type: 'bearer',
      ...(refresh === 'rotating' && { refresh_token: writeToken('refresh', account, held.version) }),
    });
  }

  return {
    /** Every call so far, in order. */
    calls: calls as readonly TokenCall[],

    /** A way out, by which its caller is told apart from others. */
    http:
      (caller: string): PlatformHttp =>
      (request) =>
        answer(request, caller),

    /** Grants an account access that began some time ago; answers its tokens. */
    grant(grant: Grant): { readonly accessToken: string; readonly refreshToken: string } {
      grants.set(grant.account, { grant, expiresAt: grant.expiresAt, version: 1 });
      const accessToken = writeToken('access', grant.account, 1);
      const exchanged = grant.provider.refresh?.kind === 're-exchange';
      return { accessToken, refreshToken: exchanged ? accessToken : writeToken('refresh', grant.account, 1) };
    },

    /** When the newest token of an account ends. */
    endOf: (account: number): number => grants.get(account)?.expiresAt ?? 0,
  };
}

function writeToken(kind: string, account: number, version: number): string {
  return `s4ndb0x.${account}.${version}.${kind}.`.padEnd(tokenLength, 'A');
}

function readToken(token: string): readonly [number, number] {
  const [, account, version] = token.split('.');
  return [Number(account), Number(version)];
}

/** In the form of RFC 6749, or in the query where a platform exchanges the token itself. */
function tokenOf({ url, body }: PlatformRequest): string {
  const form = typeof body === 'string' ? new URLSearchParams(body) : body;
  return form?.get('refresh_token') ?? new URL(url).searchParams.get('access_token') ?? '';
}

function answered(status: number, body: object): PlatformResponse {
  return { kind: 'answered', status, headers: new Headers(), body: JSON.stringify(body) };
}

function refused(error: string): PlatformResponse {
  return answered(400, { error });
}
