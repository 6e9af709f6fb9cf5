/**
 * What a sandbox platform saw: calls per endpoint, token calls in flight, and secrets that came back after they were spent.
 * It holds names and numbers only, never a secret, a query or a body.
 */
import type { Fault } from './control/control.ts';
import type { Endpoint } from './dialect.ts';
import type { Located } from './grants.ts';

/** One call as it arrived. The status is missing when the answer was lost or is not out yet. */
export interface CallRecord {
  readonly at: number;
  readonly endpoint: Endpoint;
  readonly method: string;
  readonly path: string;
  readonly grantType?: string;
  readonly grantId?: string;
  readonly account?: string;
  fault?: Fault['kind'];
  status?: number;
}

/** What happened to one grant. The account is the sandbox's key of it. */
export interface GrantCounters {
  readonly grantId: string;
  readonly account: string;
  readonly tokenCalls: number;
  readonly tokenCallsInFlight: number;
  readonly maxTokenCallsInFlight: number;
  /** How often a refresh token came back after rotation had spent it. */
  readonly refreshTokenReuses: number;
  /** How often the code came back after it had been redeemed. */
  readonly codeReuses: number;
}

export interface CallReport {
  readonly calls: Readonly<Record<Endpoint, number>>;
  readonly tokenCallsInFlight: number;
  readonly maxTokenCallsInFlight: number;
  readonly refreshTokenReuses: number;
  readonly codeReuses: number;
  readonly grants: readonly GrantCounters[];
  /** The latest calls, oldest first. */
  readonly latest: readonly CallRecord[];
}

export type CallLog = ReturnType<typeof openCallLog>;

/** Calls remembered one by one; the counters know no bound. */
const callsRemembered = 1_000;

export function openCallLog() {
  let counters = noCounters();
  let latest: CallRecord[] = [];
  let grants = new Map<string, { -readonly [Name in keyof GrantCounters]: GrantCounters[Name] }>();

  function grantCounters({ grantId, account }: Pick<Located, 'grantId' | 'account'>) {
    const known = grants.get(grantId) ?? {
      grantId,
      account,
      tokenCalls: 0,
      tokenCallsInFlight: 0,
      maxTokenCallsInFlight: 0,
      refreshTokenReuses: 0,
      codeReuses: 0,
    };
    grants.set(grantId, known);
    return known;
  }

  /** Notes a call on its arrival. */
  function record(call: CallRecord): void {
    counters.calls[call.endpoint] += 1;
    latest.push(call);
    if (latest.length > callsRemembered) latest.shift();
  }

  /**
   * Notes that a token call is under way; the returned function ends it. A call is in flight until it is done
   * and its answer is out or its caller gone, because only then can it no longer meet another.
   */
  function beginTokenCall(owner: Located | undefined): () => void {
    const all = counters;
    const grant = owner && grantCounters(owner);
    all.tokenCallsInFlight += 1;
    all.maxTokenCallsInFlight = Math.max(all.maxTokenCallsInFlight, all.tokenCallsInFlight);
    if (grant) {
      grant.tokenCalls += 1;
      grant.tokenCallsInFlight += 1;
      grant.maxTokenCallsInFlight = Math.max(grant.maxTokenCallsInFlight, grant.tokenCallsInFlight);
    }
    return () => {
      all.tokenCallsInFlight -= 1;
      if (grant) grant.tokenCallsInFlight -= 1;
    };
  }

  function noteReuse(what: 'code' | 'refresh_token', owner: Pick<Located, 'grantId' | 'account'>): void {
    const name = what === 'code' ? 'codeReuses' : 'refreshTokenReuses';
    counters[name] += 1;
    grantCounters(owner)[name] += 1;
  }

  /** Starts all counts afresh. */
  function reset(): void {
    counters = noCounters();
    latest = [];
    grants = new Map();
  }

  function report(): CallReport {
    return structuredClone({ ...counters, grants: [...grants.values()], latest });
  }

  return { record, beginTokenCall, noteReuse, reset, report };
}

function noCounters() {
  const calls: Record<Endpoint, number> = {
    authorize: 0,
    consent: 0,
    token: 0,
    revoke: 0,
    profile: 0,
    other: 0,
  };
  return { calls, tokenCallsInFlight: 0, maxTokenCallsInFlight: 0, refreshTokenReuses: 0, codeReuses: 0 };
}
