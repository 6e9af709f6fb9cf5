/** Microsoft Graph: the check verifies each item by its clientState, each token by its sender and tenant, and resource data by its signature. */
import { constants, createCipheriv, createHmac, generateKeyPairSync, publicEncrypt } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { openResourceData } from '../../../lib/platforms/microsoft-teams/resource-data.ts';
import {
  verifyNotifications,
  verifyValidationTokens,
} from '../../../lib/platforms/microsoft-teams/webhook-signature.ts';
import { Secret } from '../../../lib/telemetry/secret.ts';
import { newKey, serveKeys } from '../../support/signatures/key-server.ts';
import { claimsFlipped, textsFlipped } from '../../support/signatures/requests.ts';
import microsoft from '../../vectors/signatures/microsoft-graph.json' with { type: 'json' };

const { token, appId, tenantId, validAtSeconds, expiresAtSeconds } = microsoft.validationToken;
const at = (seconds: number) => () => seconds * 1000;
const own = await newKey();
const server = await serveKeys([...microsoft.keys, own.jwk], at(validAtSeconds));
afterAll(() => server[Symbol.asyncDispose]());

describe('a Graph notification', () => {
  const { stored, refused: wrong } = microsoft.clientState;
  const states = [new Secret(stored), new Secret('previous')];
  const verify = (body: unknown, secrets = states) =>
    verifyNotifications({ body: Buffer.from(JSON.stringify(body)) }, secrets);

  it('row 14: keeps the items with our clientState and drops the others', () => {
    const mixed = [
      { clientState: stored, id: 'a' },
      { clientState: wrong, id: 'b' },
      { clientState: 'previous', id: 'c' },
      { id: 'd' },
      { clientState: [stored], id: 'e' },
      null,
    ];

    expect(verify({ value: mixed, validationTokens: ['one', 2] })).toEqual({
      kind: 'verified',
      items: [mixed[0], mixed[2]],
      refusedItems: 4,
      validationTokens: ['one', ''],
    });
  });

  it.each([
    ['no item is ours', { value: [{ clientState: wrong }] }, 'mismatch'],
    ['there are no items', { value: [] }, 'missing'],
    ['the items are no list', { value: {} }, 'malformed'],
    ['it is a list', [], 'malformed'],
    ['it is nothing', null, 'malformed'],
  ])('row 14: is refused when %s', (_name, body, reason) => {
    expect(verify(body)).toEqual({ kind: 'refused', reason });
  });

  it('row 14: is refused when there are no secrets, or only an empty one', () => {
    expect(verify({ value: [{ clientState: '' }] }, []).kind).toBe('refused');
    expect(verify({ value: [{ clientState: '' }] }, [new Secret('')]).kind).toBe('refused');
  });
});

describe('the validation tokens of Graph', () => {
  const publisher = '0bf30f3b-4a52-48df-9a82-234910c4a086';
  const claims = {
    iss: `https://sts.windows.net/${tenantId}/`,
    aud: appId,
    appid: publisher,
    iat: validAtSeconds,
    exp: validAtSeconds + 3_600,
  };
  const verify = async (tokens: readonly string[], expected = {}, seconds = validAtSeconds) => {
    const wanted = { appId, tenantIds: [tenantId], ...expected };
    const verification = await verifyValidationTokens(tokens, wanted, server.keySet, at(seconds));
    return verification.kind === 'refused' ? verification.reason : verification.kind;
  };

  it('are accepted as in the vector', async () => {
    expect(await verify([token])).toBe('verified');
  });

  it.each([
    ['for another app', { appId: '11111111-2222-3333-4444-555555555556' }],
    ['for no app', { appId: '' }],
    ['of another tenant', { tenantIds: ['aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeef'] }],
    [
      'of one tenant where the items name two',
      { tenantIds: [tenantId, 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeef'] },
    ],
    ['where the items name no tenant', { tenantIds: [] }],
    ['where a tenant is no name', { tenantIds: [`${tenantId}/../`] }],
  ])('row 14: are refused %s', async (_name, expected) => {
    expect(await verify([token], expected)).toBe('mismatch');
  });

  it.each([
    [expiresAtSeconds + 59, 'verified'],
    [expiresAtSeconds + 60, 'stale'],
    [1_767_225_600 - 61, 'stale'],
  ])('row 15: at %d they are %s', async (seconds, expected) => {
    expect(await verify([token], {}, seconds)).toBe(expected);
  });

  it('row 14: are refused after any one character of the signature changed', async () => {
    const cut = token.lastIndexOf('.') + 1;
    const answers: string[] = [];
    for (const signature of textsFlipped(token.slice(cut)))
      answers.push(await verify([token.slice(0, cut) + signature]));

    expect(new Set(answers)).toEqual(new Set(['malformed', 'mismatch']));
  });

  it('row 14: are refused after any one character of header or claims changed', async () => {
    const answers: string[] = [];
    for (const altered of claimsFlipped(token)) answers.push(await verify([altered]));

    expect(new Set(answers)).toEqual(new Set(['malformed', 'mismatch']));
  });

  it.each([
    ['in the first shape', claims, 'verified'],
    [
      'in the second shape',
      {
        ...claims,
        iss: `https://login.microsoftonline.com/${tenantId}/v2.0`,
        appid: undefined,
        azp: publisher,
      },
      'verified',
    ],
    ['sent by another application', { ...claims, appid: appId }, 'mismatch'],
    ['with the sender of the other shape', { ...claims, appid: undefined, azp: publisher }, 'mismatch'],
    [
      'of an issuer that only looks like it',
      { ...claims, iss: `https://sts.windows.net/${tenantId}/x` },
      'mismatch',
    ],
  ])('row 14: %s', async (_name, altered, expected) => {
    expect(await verify([await own.sign(altered)])).toBe(expected);
  });

  it('row 14: are refused when the list is empty or one of them is invalid', async () => {
    expect(await verify([])).toBe('missing');
    expect(await verify([token, ''])).toBe('malformed');
    expect(await verify([token, await own.sign({ ...claims, appid: 'other' })])).toBe('mismatch');
    expect(await verify([token, await own.sign(claims)])).toBe('verified');
  });
});

describe('the resource data of Graph', () => {
  const { symmetricKeyHex, plain, data, dataSignature, signatureOverText } = microsoft.resourceData;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const wrap = (key: Buffer) =>
    publicEncrypt(
      { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      key,
    ).toString('base64');
  const content = {
    data,
    dataSignature,
    dataKey: wrap(Buffer.from(symmetricKeyHex, 'hex')),
    encryptionCertificateId: 'current',
  };
  const privateKeys = new Map([['current', privateKey]]);

  it('decrypts as in the vector', () => {
    const opened = openResourceData(content, privateKeys);

    expect(opened.kind === 'opened' && Buffer.from(opened.plain).toString()).toBe(plain);
  });

  it('row 14: is refused with a signature over the base64 text', () => {
    expect(openResourceData({ ...content, dataSignature: signatureOverText }, privateKeys)).toEqual({
      kind: 'refused',
      reason: 'mismatch',
    });
  });

  it('row 14: is refused after any one bit of data or signature flipped', () => {
    const accepted = (['data', 'dataSignature'] as const).flatMap((field) => {
      const bytes = Buffer.from(content[field], 'base64');
      return Array.from({ length: bytes.byteLength * 8 }, (_, bit) => {
        const altered = Buffer.from(bytes);
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return openResourceData({ ...content, [field]: altered.toString('base64') }, privateKeys).kind;
      }).filter((kind) => kind !== 'refused');
    });

    expect(accepted).toEqual([]);
  });

  it.each([
    ['under another certificate', content, new Map([['current', other]]), 'mismatch'],
    ['under a certificate we do not have', content, new Map(), 'missing'],
    [
      'with a key of another length',
      { ...content, dataKey: wrap(Buffer.alloc(16)) },
      privateKeys,
      'malformed',
    ],
    ['with a key that is no base64', { ...content, dataKey: '!' }, privateKeys, 'malformed'],
    ['without data', { ...content, data: '' }, privateKeys, 'malformed'],
    ['that is nothing', null, privateKeys, 'malformed'],
  ])('row 14: is refused %s', (_name, altered, keys, reason) => {
    expect(openResourceData(altered, keys)).toEqual({ kind: 'refused', reason });
  });

  it('is refused when its signature is valid but it does not decrypt', () => {
    const key = Buffer.from(symmetricKeyHex, 'hex');
    const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
    const unpadded = Buffer.concat([cipher.update(Buffer.alloc(16, 0xee)), cipher.final()]);
    const signed = {
      ...content,
      data: unpadded.toString('base64'),
      dataSignature: createHmac('sha256', key).update(unpadded).digest('base64'),
    };

    expect(openResourceData(signed, privateKeys).kind).toBe('refused');
  });
});
