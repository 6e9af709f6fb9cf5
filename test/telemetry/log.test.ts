/** Logs: only allow-listed fields are written, and an error is logged by class and stack position only. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntegrationError } from '../../lib/errors.ts';
import { createLog, type LogFields, logError, withRequest } from '../../lib/telemetry/log.ts';
import { createCount } from '../../lib/telemetry/metrics.ts';
import { Secret } from '../../lib/telemetry/secret.ts';

const now = () => Date.UTC(2026, 10, 20, 12);

function written(write: (line: (text: string) => void) => void): { lines: string[]; parsed: unknown[] } {
  const lines: string[] = [];
  write((line) => void lines.push(line));
  return { lines, parsed: lines.map((line): unknown => JSON.parse(line)) };
}

/** The line of an error. */
const told = (error: unknown) => written((write) => logError(write, 'connect', now, error));

describe('a log line', () => {
  it('is one JSON object with allow-listed fields', () => {
    const { lines, parsed } = written((write) =>
      createLog('connect', now, write)('warn', 'something happened', {
        provider: 'tiktok',
        status: 503,
        durationMs: 7,
        reason: 'http_503',
      }),
    );

    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    expect(parsed).toEqual([
      {
        time: '2026-11-20T12:00:00.000Z',
        level: 'warn',
        function: 'connect',
        event: 'something happened',
        provider: 'tiktok',
        status: 503,
        durationMs: 7,
        reason: 'http_503',
      },
    ]);
  });

  it('carries the ids of its own request at any call depth', async () => {
    const { parsed, lines } = written(() => undefined);
    const log = createLog('connect', now, (line) => void lines.push(line));

    await Promise.all(
      ['one', 'two'].map((requestId) =>
        withRequest({ requestId, correlationId: `for-${requestId}` }, async () => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          log('info', requestId);
        }),
      ),
    );
    log('info', 'outside');

    expect(parsed).toEqual([]);
    const [one, two, outside] = lines.map((line): unknown => JSON.parse(line));
    expect(one).toMatchObject({ event: 'one', requestId: 'one', correlationId: 'for-one' });
    expect(two).toMatchObject({ event: 'two', requestId: 'two', correlationId: 'for-two' });
    expect(outside).not.toHaveProperty('requestId');
  });

  it('row 19: drops every field that is not on the allow-list', () => {
    const smuggled = { accessToken: 's4ndb0x', code: { deep: 's4ndb0x' }, reason: ['s4ndb0x'] };

    const strangers = fc.string().map((name) => `${name}!`);

    fc.assert(
      fc.property(fc.dictionary(strangers, fc.constant('s4ndb0x')), (fields) => {
        const { lines } = written((write) => {
          createLog('connect', now, write)('info', 'event', {
            ...fields,
            ...smuggled,
          } as unknown as LogFields);
        });

        expect(lines.join()).not.toContain('s4ndb0x');
      }),
    );
  });

  it('row 19: contains neither long texts nor secrets', () => {
    const fields = { reason: 's4ndb0x'.repeat(40), outcome: new Secret('s4ndb0x') } as unknown as LogFields;

    const { lines } = written((write) => createLog('connect', now, write)('info', 'event', fields));

    expect(lines.join()).not.toContain('s4ndb0x');
    expect(lines.join()).not.toContain('redacted');
  });
});

describe('row 19: an error in the log', () => {
  it('is logged by class, code and stack position, and so are its causes', () => {
    const cause = new TypeError('s4ndb0x');
    const { lines, parsed } = told(new IntegrationError('DATABASE_ERROR', 's4ndb0x', { cause }));

    expect(lines.join()).not.toContain('s4ndb0x');
    expect(parsed).toEqual([
      {
        time: '2026-11-20T12:00:00.000Z',
        level: 'error',
        function: 'connect',
        event: 'unexpected error',
        errors: [
          {
            name: 'IntegrationError',
            code: 'DATABASE_ERROR',
            frames: expect.arrayContaining([expect.stringMatching(/log\.test\.ts:\d+:\d+/)]),
          },
          { name: 'TypeError', frames: expect.arrayContaining([expect.stringMatching(/^at /)]) },
        ],
      },
    ]);
  });

  it.each([
    ['of several lines', 'first\ns4ndb0x\n  s4ndb0x'],
    ['that look like frames', 'x\n    at s4ndb0x (/s4ndb0x.ts:1:2)\n    at node:s4ndb0x:1:2'],
    ['that quote JSON', 'Unexpected token s, "s4ndb0x" is not valid JSON'],
    ['that are empty', ''],
  ])('says nothing of a message %s', (_name, message) => {
    const { lines } = told(new Error(message));

    expect(lines.join()).not.toContain('s4ndb0x');
    expect(lines.join()).toContain('log.test.ts');
  });

  it('is logged without a message that was changed afterwards', () => {
    const error = new Error('s4ndb0x\n    at s4ndb0x');
    error.message = 'harmless';

    expect(told(error).lines.join()).not.toContain('s4ndb0x');
  });

  it.each(['s4ndb0x', { message: 's4ndb0x' }, undefined, null, 7])(
    'says nothing of what is none: %j',
    (thrown) => {
      const { lines, parsed } = told(thrown);

      expect(lines.join()).not.toContain('s4ndb0x');
      expect(parsed).toMatchObject([{ errors: [] }]);
    },
  );

  it('is logged even when its causes form a cycle', () => {
    const error = new Error('one');
    error.cause = error;

    expect(told(error).parsed).toMatchObject([{ errors: [{}, {}, {}, {}] }]);
  });
});

describe('a metric', () => {
  it("is one line of CloudWatch's embedded format, with few dimensions", () => {
    const { parsed } = written((write) => {
      const count = createCount(now, write);
      count('refresh_succeeded', { provider: 'tiktok' });
      count('kms_call');
    });

    expect(parsed).toEqual([
      {
        _aws: {
          Timestamp: now(),
          CloudWatchMetrics: [
            {
              Namespace: 'Hawser',
              Dimensions: [['provider']],
              Metrics: [{ Name: 'refresh_succeeded', Unit: 'Count' }],
            },
          ],
        },
        provider: 'tiktok',
        refresh_succeeded: 1,
      },
      expect.objectContaining({ kms_call: 1 }),
    ]);
  });
});
