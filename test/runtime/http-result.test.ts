/** Responses: the headers of each of them, and pages that show their text and nothing else. */
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

describe.each(answers)('every response, here %s,', (_name, answer) => {
  const { headers = {} } = toResponse(answer, 'correlation');

  it('row 18: cannot be framed, and keeps its window opener', () => {
    const names = Object.keys(headers).map((name) => name.toLowerCase());

    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['x-frame-options']).toBe('DENY');
    expect(names).not.toContain('cross-origin-opener-policy');
  });

  it('row 5: is not cached and sends no referrer', () => {
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('sets HSTS without including subdomains', () => {
    expect(headers['strict-transport-security']).toMatch(/^max-age=\d{8,}$/);
  });

  it('carries the correlation id', () => {
    expect(headers['x-correlation-id']).toBe('correlation');
  });
});

describe('a response', () => {
  it('in JSON carries Retry-After and WWW-Authenticate', () => {
    const busy = toResponse(
      { ...json(503, {}), kind: 'json', status: 503, body: {}, retryAfterSeconds: 7 },
      'id',
    );
    const stranger = toResponse(json(401, {}), 'id');

    expect(busy.headers).toMatchObject({ 'retry-after': '7', 'content-type': 'application/json' });
    expect(stranger.headers?.['www-authenticate']).toBe('Bearer');
    expect(toResponse(json(200, {}), 'id').headers).not.toHaveProperty('retry-after');
  });

  it('row 6: redirects with 303, which does not resend a form', () => {
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
  it('for a failure says what happened and what to do next', () => {
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

  it('breaks a name that is wider than a phone screen', () => {
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page('Title', 'Text')) ?? [];

    // Inherited by the title, the text and the button.
    expect(style).toMatch(/^main \{[^}]*overflow-wrap: anywhere/m);
  });

  it('has exactly the style that its content security policy allows', async () => {
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page('Title', 'Text')) ?? [];
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));

    expect(pageSecurityPolicy).toContain(`'sha256-${Buffer.from(hash).toString('base64')}'`);
  });

  it('escapes the names of tenants and users', () => {
    const name = `<script>alert("x")</script>&amp;'"`;

    const text = page(name, name, { href: '?agreed=yes', text: name });

    expect(text).not.toContain('<script>');
    expect(text).toContain('&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62;&#38;amp;&#39;&#34;');
  });

  it('contains no tags but its own, whatever its text', () => {
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
  it('row 3: is bound to host, flow and https, and hidden from scripts', () => {
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

  it('omits Secure only when the API itself is on http', () => {
    const cookie = flowCookie('http://localhost:8787', 'flow-1');

    expect(cookie.name).toBe('hawser-flow-flow-1');
    expect(cookie.set('s4ndb0x', 600)).not.toContain('Secure');
    expect(cookie.set('s4ndb0x', 600)).toContain('HttpOnly; SameSite=Lax');
  });
});
