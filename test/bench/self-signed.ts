/**
 * A certificate for 127.0.0.1 that vouches for itself, for the TLS side of the local AWS. Node signs but writes no
 * certificates, so this writes the few fields of X.509 (RFC 5280) that a client looks at, in DER.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Identity {
  /** PEM; who is to trust it reads it by `NODE_EXTRA_CA_CERTS`. */
  readonly certificate: string;
  /** PEM; stays in the process that made it. */
  readonly privateKey: string;
}

const tags = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, text: 0x0c, time: 0x17 };
const sequence = (...parts: readonly Buffer[]) => der(0x30, Buffer.concat(parts));
const set = (...parts: readonly Buffer[]) => der(0x31, Buffer.concat(parts));
/** Object identifiers as RFC 5280 and RFC 5758 name them, already encoded. */
const oids = {
  commonName: der(tags.oid, Buffer.from('550403', 'hex')),
  subjectAltName: der(tags.oid, Buffer.from('551d11', 'hex')),
  basicConstraints: der(tags.oid, Buffer.from('551d13', 'hex')),
  ecdsaWithSha256: der(tags.oid, Buffer.from('2a8648ce3d040302', 'hex')),
};
const hourMilliseconds = 3_600_000;

/** Good for a day around now. */
export function selfSigned(now: number): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oids.ecdsaWithSha256);
  const name = sequence(set(sequence(oids.commonName, der(tags.text, Buffer.from('bench')))));
  const signed = sequence(
    der(0xa0, der(tags.integer, Buffer.from([2]))),
    // The first bit is 0: a serial number is positive.
    der(tags.integer, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(now - 12 * hourMilliseconds), time(now + 12 * hourMilliseconds)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        extension(oids.basicConstraints, sequence(der(tags.boolean, Buffer.from([0xff])))),
        extension(oids.subjectAltName, sequence(der(0x87, Buffer.from([127, 0, 0, 1])))),
      ),
    ),
  );
  const certificate = sequence(signed, algorithm, bits(sign('sha256', signed, privateKey)));
  return {
    certificate: pem(certificate),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function extension(oid: Buffer, value: Buffer): Buffer {
  return sequence(oid, der(tags.octets, value));
}

function bits(bytes: Buffer): Buffer {
  return der(tags.bits, Buffer.concat([Buffer.from([0]), bytes]));
}

/** `YYMMDDHHMMSSZ`. */
function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/\D/g, '').slice(2, 14);
  return der(tags.time, Buffer.from(`${digits}Z`));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
