/** Runs OnlyFans against its sandbox and signer: logs in, probes sessions, and searches every outcome for secrets. */

import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { modes as modesSchema } from '../../../infra/local/platforms/onlyfans/modes.ts';
import { startOnlyFans } from '../../../infra/local/platforms/onlyfans/onlyfans.ts';
import type { Fault } from '../../../infra/local/sandbox/control/control.ts';
import type { Sandbox } from '../../../infra/local/sandbox/sandbox.ts';
import { createPlatformHttp } from '../../../lib/platform-http/platform-http.ts';
import { onlyfans } from '../../../lib/platforms/onlyfans/definition.ts';
import type { ProfileOutcome } from '../../../lib/providers/adapter/platform-adapter.ts';
import { isSilence, patienceMilliseconds, silenceMilliseconds } from '../../support/silence.ts';

export type Values = Readonly<Record<string, string>>;
type Modes = Readonly<Record<string, string | number>>;

/** One sandbox for all tests of a file; modes, faults and counters are reset after each test. */
export function openOnlyFans() {
  let running: Sandbox | undefined;
  let silent = false;
  const sandbox = () => {
    if (running === undefined) throw new Error('The sandbox is not running.');
    return running;
  };
  beforeAll(async () => {
    running = await startOnlyFans({ clients: [], now: Date.now });
  });
  beforeEach(() => modes(modesSchema.parse({})));
  afterEach(() => {
    silent = false;
    for (const command of ['clear_faults', 'reset_calls'] as const) sandbox().control({ command });
  });
  afterAll(() => running?.close());

  function modes(changes: Modes): void {
    expect(sandbox().control({ command: 'set_modes', modes: changes })).toMatchObject({ ok: true });
  }

  function inject(endpoint: 'token' | 'profile', fault: Fault): void {
    silent ||= isSilence(fault);
    expect(sandbox().control({ command: 'inject', endpoint, calls: 1, fault })).toMatchObject({ ok: true });
  }

  /** The values of a new browser session. */
  async function logIn(account = 'nora'): Promise<Values> {
    const answer = await fetch(`${sandbox().origin}/log-in`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ account }),
      signal: AbortSignal.timeout(120_000),
    });
    const { credentials } = (await answer.json()) as { credentials: Values };
    return credentials;
  }

  /** Probes a session as the product does and checks that the outcome holds no secret. */
  async function look(
    values: Values,
    settings: Values = { signerUrl: `${sandbox().origin}/signer` },
  ): Promise<ProfileOutcome> {
    const { origin } = sandbox();
    const patient = createPlatformHttp({
      fetch,
      insecureOrigins: [origin],
      origins: { 'https://onlyfans.com': origin },
    });
    const reading = onlyfans.probe.read(values);
    if (reading.kind !== 'credentials') throw new Error(`Malformed: ${reading.fields.join(', ')}.`);
    const outcome = await onlyfans.probe.look(reading.secret, {
      url: onlyfans.probe.urlAt({}),
      settings,
      http: (request) =>
        patient({ ...request, timeoutMilliseconds: silent ? silenceMilliseconds : patienceMilliseconds }),
      now: Date.now,
    });
    const printed = `${inspect({ reading, outcome }, { depth: 12, showHidden: true })} ${JSON.stringify(outcome)}`;
    expect(printed.includes('s4ndb0x'), 'row 19: an outcome holds a secret').toBe(false);
    return outcome;
  }

  /** The number of calls to the platform and to the signer. */
  function calls(): { readonly platform: number; readonly signer: number } {
    const { profile, token } = sandbox().calls().calls;
    return { platform: profile, signer: token };
  }

  return { sandbox, modes, inject, logIn, look, calls };
}
