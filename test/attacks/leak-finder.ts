/** Finds a leaked secret in plain text, in hexadecimal, or in base64 at any alignment, encoded once or twice. */

/** Part of every secret that a sandbox platform issues. */
export const marker = 's4ndb0x';

export type LeakFinder = (place: string | Uint8Array) => boolean;

/** @param secret at least seven bytes, so that a match is not a coincidence. */
export function createLeakFinder(secret: string): LeakFinder {
  if (Buffer.byteLength(secret) < 7) throw new Error('So short a secret would be found everywhere.');
  const once = base64Forms(secret);
  const hex = Buffer.from(secret).toString('hex');
  const forms = [secret, hex, hex.toUpperCase(), ...once, ...once.flatMap(base64Forms)];
  return (place) => {
    // One character per byte, so that bytes which are no text can be searched as well.
    const text = typeof place === 'string' ? place : Buffer.from(place).toString('latin1');
    return forms.some((form) => text.includes(form));
  };
}

/** The characters of base64 that depend on the secret alone, wherever in the encoded bytes it begins. */
function base64Forms(secret: string): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const bits = (offset + Buffer.byteLength(secret)) * 8;
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString('base64url');
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6));
  });
}
