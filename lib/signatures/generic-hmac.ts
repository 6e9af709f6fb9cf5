/**
 * The scheme of a custom provider, from settings that an operator can read off the platform's page: which header, which
 * HMAC, and a template of what is signed, such as `v0:{timestamp}:{body}`.
 */
import * as z from 'zod/mini';
import { defineSignatureScheme, type SignatureScheme, type SignedPart } from './scheme.ts';

const header = z.string().check(z.toLowerCase(), z.regex(/^[a-z0-9-]{1,64}$/));

const settings = z.strictObject({
  /** The header that holds the signature. */
  header,
  algorithm: z.enum(['sha256', 'sha1', 'sha512']),
  /** Hex is lower case; base64 is padded. */
  encoding: z.enum(['hex', 'base64', 'base64url']),
  /** What stands before the signature in its header, such as `sha256=`. */
  prefix: z._default(z.string().check(z.regex(/^[\x21-\x2b\x2d-\x7e]{0,32}$/)), ''),
  /** How the secret becomes the key; its own bytes unless said otherwise. */
  key: z._default(z.enum(['utf8', 'hex', 'base64', 'base64url', 'whsec']), 'utf8'),
  /** What is signed: text around `{body}`, `{timestamp}` and `{header:name}`. */
  signed: z._default(z.string().check(z.maxLength(512)), '{body}'),
  timestamp: z.optional(
    z.strictObject({
      header,
      format: z.enum(['unix-seconds', 'unix-milliseconds', 'http-date', 'iso-8601']),
      toleranceSeconds: z._default(z.int(), 300),
    }),
  ),
});

export type GenericHmacSettings = z.input<typeof settings>;

/**
 * The scheme that settings describe.
 * @throws Error naming the setting that is wrong, without its value.
 */
export function genericHmac(value: unknown): SignatureScheme {
  const parsed = settings.safeParse(value);
  if (!parsed.success) {
    const names = parsed.error.issues.map((issue) => issue.path.join('.') || 'an unknown one');
    throw new Error(`Signature scheme: these settings are missing or wrong: ${names.join(', ')}.`);
  }
  const { prefix, signed, timestamp, ...given } = parsed.data;
  return defineSignatureScheme({
    algorithm: given.algorithm,
    encoding: given.encoding,
    key: given.key,
    signature: { form: 'whole', header: given.header, ...(prefix !== '' && { prefix }) },
    signed: readTemplate(signed),
    ...(timestamp && {
      timestamp: {
        from: { header: timestamp.header },
        format: timestamp.format,
        toleranceSeconds: timestamp.toleranceSeconds,
      },
    }),
  });
}

function readTemplate(template: string): readonly SignedPart[] {
  return template
    .split(/(\{[^{}]*\})/)
    .filter((piece) => piece !== '')
    .map((piece): SignedPart => {
      if (piece === '{body}') return 'body';
      if (piece === '{timestamp}') return 'timestamp';
      const name = /^\{header:([a-z0-9-]+)\}$/.exec(piece)?.[1];
      if (name !== undefined) return { header: name };
      if (/[{}]/.test(piece)) throw new Error('Signature scheme: the template has an unknown placeholder.');
      return { text: piece };
    });
}
