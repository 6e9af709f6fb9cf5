/** The catalogue of errors: each has a status that fits, and words that a person may read. */
import { describe, expect, it } from 'vitest';
import { catalogue, type ErrorCode, IntegrationError } from '../../lib/errors.ts';

const codes = Object.keys(catalogue) as ErrorCode[];

describe.each(codes)('%s', (code) => {
  const { status, retryable, userMessage } = catalogue[code];

  it('has a stable name and an HTTP status', () => {
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(600);
  });

  it('has a sentence for people, without internal names or placeholders', () => {
    expect(userMessage).toMatch(/^[A-Z][^{}$<>]+\.$/);
    expect(userMessage).not.toMatch(/hawser|DynamoDB|token|OAuth|null|undefined/i);
  });

  it('is retryable exactly when its status says so', () => {
    if (status === 429 || status === 503) expect(retryable).toBe(true);
    if ([400, 401, 403, 404, 410, 413, 415, 422].includes(status)) expect(retryable).toBe(false);
  });
});

describe('an error', () => {
  it('carries its code, message, cause, details and wait', () => {
    const cause = new Error('inner');

    const error = new IntegrationError('RATE_LIMITED', 'Slow down.', {
      cause,
      details: { limit: 5 },
      retryAfterSeconds: 7,
    });

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'IntegrationError',
      code: 'RATE_LIMITED',
      message: 'Slow down.',
      details: { limit: 5 },
      retryAfterSeconds: 7,
    });
    expect(error.cause).toBe(cause);
  });
});
