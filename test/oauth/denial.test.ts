/** A declined consent, in the words of the RFC and of platforms. */
import { describe, expect, it } from 'vitest';
import { isDenial } from '../../lib/oauth/refusal/denial.ts';

const of = (error?: string, errorReason?: string, errorCode?: string) =>
  isDenial({ error, errorReason, errorCode });

describe('an authorization response', () => {
  it.each([
    'access_denied',
    'ACCESS_DENIED',
    'access_denied: user said no',
    'access_denied.consent',
    'user_denied',
    'user_cancelled_login',
    'user_cancelled_authorize',
    'user_canceled',
    'user_cancel',
    'user-declined',
    'consent_declined',
    'consent_rejected',
    'authorization_denied',
    'authorisation_declined',
    'permission_denied',
    'login_cancelled',
    'cancelled',
    'denied',
    'Access denied',
  ])('with the error %j is a denial', (error) => {
    expect(of(error)).toBe(true);
    expect(of(undefined, error)).toBe(true);
  });

  it.each([
    'server_error',
    'login_required',
    'consent_required',
    'invalid_scope',
    'unauthorized_client',
    'temporarily_unavailable',
    'deniedness',
    'not_denied_but_broken',
    'cancellation_service_down',
    '',
  ])('with the error %j is none', (error) => {
    expect(of(error)).toBe(false);
  });

  it("knows Meta's parameters without an error", () => {
    expect(of(undefined, 'user_denied', '200')).toBe(true);
    expect(of(undefined, undefined, '200')).toBe(true);
    expect(of(undefined, undefined, '1349045')).toBe(false);
    expect(of('server_error', undefined, '200')).toBe(false);
    expect(of()).toBe(false);
  });
});
