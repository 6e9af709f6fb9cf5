/** Answers: the headers on each of them, and pages that say what they are told and no more. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../lib/errors.ts';
import { flowCookie } from '../../lib/runtime/http/flow-cookie.ts';
import { failurePage, type HttpResult, json, toResponse } from '../../lib/runtime/http/http-result.ts';
import { page, pageSecurityPolicy } from '../../lib/runtime/http/page.ts';

const answers: readonly (readonly [string, HttpResult])[] = [
  ['JSON', json(200, { ok: true })],
  ['an error', json(401, { error: {} })],
  ['a page', { kind: 'page', status: 404, title: 'No', text: 'Nothing here.' }],
  ['a redirect', { kind: 'redirect', url: 'https://app.example/?flow=1', cookie: 'a=b' }],
];

describe.each(answers)('every answer, here %s,', (_name, answer) => {
  const { headers = {} } = toResponse(answer, 'correlation');

  it('row 18: cannot be framed, and cuts no window off', () => {
    const names = Object.keys(headers).map((name) => name.toLowerCase());

    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['x-frame-options']).toBe('DENY');
    expect(names).not.toContain('cross-origin-opener-policy');
  });

  it('row 5: is kept nowhere and tells nobody where the browser was', () => {
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('asks for TLS without deciding for the owner of the domain', () => {
    expect(headers['strict-transport-security']).toMatch(/^max-age=\d{8,}$/);
  });

  it('carries the correlation id', () => {
    expect(headers['x-correlation-id']).toBe('correlation');
  });
});

describe('an answer', () => {
  it('in JSON says when to come back, and how to sign in', () => {
    const busy = toResponse(
      { ...json(503, {}), kind: 'json', status: 503, body: {}, retryAfterSeconds: 7 },
      'id',
    );
    const stranger = toResponse(json(401, {}), 'id');

    expect(busy.headers).toMatchObject({ 'retry-after': '7', 'content-type': 'application/json' });
    expect(stranger.headers?.['www-authenticate']).toBe('Bearer');
    expect(toResponse(json(200, {}), 'id').headers).not.toHaveProperty('retry-after');
  });

  it('row 6: redirects with 303, which sends no form along', () => {
    const response = toResponse({ kind: 'redirect', url: 'https://app.example/', cookie: 'a=b' }, 'id');

    expect(response).toMatchObject({
      statusCode: 303,
      headers: { location: 'https://app.example/' },
      cookies: ['a=b'],
      body: '',
    });
  });
});

describe('a page', () => {
  it('about a failure says what happened and what to do now', () => {
    const over = failurePage('FLOW_NOT_FOUND', 'This link does not work');
    const ours = failurePage('DATABASE_ERROR');

    expect(over).toMatchObject({ status: 404, title: 'This link does not work' });
    expect(over.text).toBe(
      `${catalogue.FLOW_NOT_FOUND.userMessage}\n\nYou can close this page and go back to the application that sent you here.`,
    );
    expect(ours).toMatchObject({ status: 503, title: 'This did not work' });
    expect(ours.text).toBe(`${catalogue.DATABASE_ERROR.userMessage}\n\nLoad this page again in a moment.`);
  });

  it('row 18: loads nothing and runs nothing', () => {
    const text = page('Title', 'Text', { href: '?agreed=yes', text: 'Go on' });

    expect(text).not.toMatch(/<script|<img|<iframe|<form|<link|javascript:|\son\w+=/i);
    expect(pageSecurityPolicy).not.toMatch(/unsafe|script-src|\*/);
    expect(pageSecurityPolicy).toMatch(/style-src 'sha256-[A-Za-z0-9+/]{43}='/);
  });

  it('breaks a name that is longer than a phone is wide, wherever it stands', () => {
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page('Title', 'Text')) ?? [];

    // Inherited by the title, the text and the button.
    expect(style).toMatch(/^main \{[^}]*overflow-wrap: anywhere/m);
  });

  it('has exactly the style that its policy allows', async () => {
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page('Title', 'Text')) ?? [];
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));

    expect(pageSecurityPolicy).toContain(`'sha256-${Buffer.from(hash).toString('base64')}'`);
  });

  it('says what a tenant or user is called without becoming it', () => {
    const name = `<script>alert("x")</script>&amp;'"`;

    const text = page(name, name, { href: '?agreed=yes', text: name });

    expect(text).not.toContain('<script>');
    expect(text).toContain('&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62;&#38;amp;&#39;&#34;');
  });

  it('keeps its own tags and no others, whatever it says', () => {
    const tags = (text: string) => text.match(/<[^>]*>/g)?.length;
    const plain = tags(page('a', 'b', { href: 'c', text: 'd' }));

    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (title, text, href, label) => {
        const written = page(`${title}<b>`, `${text}<i a='">`, { href: `${href}"><u>`, text: `${label}<s>` });

        expect(tags(written)).toBe(plain);
      }),
    );
  });
});

describe("a flow's cookie", () => {
  it('row 3: is bound to the host, the flow and https, and out of reach of scripts', () => {
    const cookie = flowCookie('https://hawser.example', 'flow-1');

    expect(cookie.name).toBe('__Host-hawser-flow-flow-1');
    expect(cookie.set('s4ndb0x', 600)).toBe(
      '__Host-hawser-flow-flow-1=s4ndb0x; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure',
    );
    expect(cookie.clear()).toBe(
      '__Host-hawser-flow-flow-1=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure',
    );
    expect(flowCookie('https://hawser.example', 'flow-2').name).not.toBe(cookie.name);
  });

  it('does without https only where the API does', () => {
    const cookie = flowCookie('http://localhost:8787', 'flow-1');

    expect(cookie.name).toBe('hawser-flow-flow-1');
    expect(cookie.set('s4ndb0x', 600)).not.toContain('Secure');
    expect(cookie.set('s4ndb0x', 600)).toContain('HttpOnly; SameSite=Lax');
  });
});
