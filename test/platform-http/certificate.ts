/**
 * A certificate for one host name that vouches for itself. Node signs but writes no certificates, so this writes the few
 * fields of X.509 (RFC 5280) that a client looks at, in DER.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const dayMilliseconds = 86_400_000;
const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const bits = (bytes: Buffer) => der(0x03, Buffer.from([0]), bytes);
/** `YYMMDDHHMMSSZ`. */
const time = (milliseconds: number) => {
  const digits = new Date(milliseconds).toISOString().replaceAll(/\D/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
};

/** Valid for a day around now. Answers what `tls` takes as `cert` and `key`, in PEM. */
export function certificateFor(name: string, now: number): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
  const commonName = sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from('s4ndb0x')))));
  const alternativeNames = sequence(der(0x82, Buffer.from(name)));
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // The first byte is below 128: a serial number is positive.
    der(0x02, Buffer.from([1]), randomBytes(15)),
    ecdsaWithSha256,
    commonName,
    sequence(time(now - dayMilliseconds / 2), time(now + dayMilliseconds / 2)),
    commonName,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(oid('551d11'), der(0x04, alternativeNames)))),
  );
  const whole = sequence(signed, ecdsaWithSha256, bits(sign('sha256', signed, privateKey)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  const { length } = bytes;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), bytes]);
}
