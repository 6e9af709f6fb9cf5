import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMask } from '../../infra/local/demo/mask.ts';
import { runDemo } from '../../infra/local/demo/run-demo.ts';
import type { Scene } from '../../infra/local/demo/scenes/scene.ts';

const entry = resolve(import.meta.dirname, '../../infra/local/demo/main.ts');

describe('npm run demo', () => {
  it('plays the whole journey and prints no secret', async () => {
    const { code, stdout } = await spawnDemo();

    expect(code, stdout.slice(-2_000)).toBe(0);
    for (const step of [
      '$ hawser tenant create bakery',
      'POST http://localhost',
      '← 303 See Other',
      '“Connect your TikTok account?”',
      '✓ Mira is connected',
      '✓ There is a new token',
      '"revocation": "revoked"',
      '"code": "ACCOUNT_NOT_FOUND"',
      '"missingScopes": ["history"]',
      'code = ACCESS_DENIED',
      '"code": "FLOW_USER_MISMATCH"',
      '"linking": "direct"',
      '"type": "post.publish.publicly_available"',
      '✓ The two deliveries were one event, with one id',
      '"code": "INVALID_SIGNATURE"',
      'reconnect_required (deauthorized)',
      '✓ Hawser refreshed the token ',
      '"revocation": "revoke_pending"',
      '✓ TikTok has revoked the access and rejects the last token',
      'What this demo showed',
    ]) {
      expect(stdout).toContain(step);
    }
    for (const secret of [
      /s4ndb0x/,
      /hwk_/,
      /whsec_/,
      /Bearer (?!\[masked)/,
      /cookie: [^=]+=(?!\[masked|;)/,
      /\b(?:completion|state|code) = (?!\[masked|ACCESS_DENIED)/,
      /"(?:accessToken|completion)": "(?!\[masked|direct")/,
    ]) {
      expect(stdout).not.toMatch(secret);
    }
    expect(stdout).not.toContain('\u001b');
  });

  it('exits with 1 and prints the expectation when a check fails', async () => {
    const scene: Scene = {
      title: 'A promise',
      shows: 'Nothing.',
      async play({ transcript, application }) {
        const connections = await application.status('nobody');
        transcript.check('Nobody has a connection', connections.length === 1);
      },
    };

    const { code, printed } = await playHere([scene]);

    expect(code).toBe(1);
    expect(printed).toContain('✗ Not as expected: Nobody has a connection');
    expect(printed).toContain('What the functions wrote last:');
    expect(printed).not.toContain('What this demo showed');
  });

  it('exits with 1 when the API refuses a call that the scene expects to succeed', async () => {
    const scene: Scene = {
      title: 'A wrong turn',
      shows: 'Nothing.',
      play: async ({ application }) => {
        await application.connect('myspace', { userId: 'mira' });
      },
    };

    const { code, printed } = await playHere([scene]);

    expect(code).toBe(1);
    expect(printed).toContain('✗ The API answered 404.');
  });

  it('stops at once when aborted, and removes its folder', async () => {
    const before = demoFolders();
    const stopping = new AbortController();
    const scene: Scene = {
      title: 'A long scene',
      shows: 'Nothing.',
      async play({ application }) {
        stopping.abort();
        await application.status('nobody');
      },
    };

    const { code } = await playHere([scene], stopping.signal);

    expect(code).toBe(130);
    expect(demoFolders()).toEqual(before);
  });

  it('prints in colours when asked to', async () => {
    const { printed } = await playHere([], undefined, true);

    expect(printed).toContain('\u001b[1mHawser: a demo\u001b[0m');
  });
});

describe('the secret mask of the demo', () => {
  it('replaces equal secrets by equal marks and different secrets by different ones', () => {
    const { secret } = createMask();

    expect(secret('a-secret-of-some-length')).toMatch(/^\[masked [0-9a-f]{4}\]$/);
    expect(secret('a-secret-of-some-length')).toBe(secret('a-secret-of-some-length'));
    expect(secret('a-secret-of-some-length')).not.toBe(secret('another-secret'));
  });

  it.each(['accessToken', 'refreshToken', 'completion', 'token'])('hides the field %s in JSON', (name) => {
    const masked = createMask().fieldsOf({ inner: { [name]: 'a-secret-of-some-length' } });

    expect(JSON.stringify(masked)).toContain(`"${name}":"[masked `);
  });

  it('hides a secret it has seen wherever it appears later', () => {
    const mask = createMask();
    mask.fieldsOf({ deep: [{ accessToken: 'token/with+signs==' }] });

    expect(mask.scrub('a token/with+signs== and token%2Fwith%2Bsigns%3D%3D')).not.toMatch(/signs/);
  });

  it('leaves error codes and cookie attributes readable', () => {
    const mask = createMask();

    const parameters = mask.parametersOf(new URLSearchParams('code=ACCESS_DENIED&state=0123456789abcdef'));

    expect(parameters).toEqual([
      ['code', 'ACCESS_DENIED'],
      ['state', expect.stringMatching(/^\[masked/)],
    ]);
    expect(mask.header('set-cookie', 'a=; Max-Age=0; Path=/')).toBe('a=; Max-Age=0; Path=/');
    expect(mask.header('cookie', 'a=1234; b=5678')).toMatch(/^a=\[masked \w+\]; b=\[masked \w+\]$/);
  });
});

/** Runs the demo as `npm run demo` does, with an output that is not a terminal. */
function spawnDemo(): Promise<{ readonly code: number; readonly stdout: string }> {
  return new Promise((done) => {
    const env = { PATH: process.env['PATH'] ?? '' };
    execFile(process.execPath, [entry], { env, timeout: 200_000 }, (error, stdout) => {
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout });
    });
  });
}

async function playHere(scenes: readonly Scene[], signal?: AbortSignal, colour = false) {
  let printed = '';
  const code = await runDemo({
    write: (text) => {
      printed += text;
    },
    colour,
    environment: {},
    now: () => Date.now(),
    fetch: (input, init) => fetch(input, init),
    scenes,
    ...(signal && { signal }),
  });
  return { code, printed };
}

function demoFolders(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('hawser-demo-'));
}
