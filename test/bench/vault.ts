/**
 * What sealing and opening cost: against bare AES-256-GCM, which binds and commits to nothing, and against AWS's own
 * encryption library with its cache of data keys. Contenders take turns within one run, so that a noisy machine disturbs all alike.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  getLocalCryptographicMaterialsCache,
  NodeCachingMaterialsManager,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from '@aws-crypto/client-node';
import { Secret } from '../../lib/telemetry/secret.ts';
import { encodeContext } from '../../lib/vault/seal-context.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { sealContext, startVaultAws } from '../vault/vault-on-aws.ts';
import { medianRatio, takeTurns } from './rounds.ts';
import { atLeast, atMost, type BenchGroup } from './row.ts';

/** Seals and opens once. */
type Contender = () => void | Promise<void>;

const rounds = { rounds: 25, warmUpRounds: 12 };
const text = 's4ndb0x'.padEnd(200, 'A');
const unsignedSuite = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
const context = { ...sealContext, recordId: 'con_AAAAAAAAAAAAAAAAAAAAAA', account: '17841400000000000' };

/** Measures in about six seconds. */
export const vault: BenchGroup = {
  name: 'vault',
  async measure() {
    const aws = await startVaultAws();
    try {
      const ours = { contender: vaultContender(openVault(aws.instance('BENCH'))), turns: 1_000 };
      const bare = await ratio(ours, { contender: bareContender(), turns: 1_000 });
      const library = await ratio({ contender: libraryContender(), turns: 10 }, ours);
      const unsigned = await ratio({ contender: libraryContender(unsignedSuite), turns: 30 }, ours);
      const times = (name: string, value: number) => ({ name, value, unit: '×' });
      return {
        rows: [
          atMost(times('Sealing and opening 200 bytes, in times of bare AES-256-GCM', bare), 5),
          atLeast(times('… faster than @aws-crypto/client-node with cached data keys', library), 8),
          atLeast(times('… faster than the same without its signatures', unsigned), 8),
        ],
      };
    } finally {
      await aws.close();
    }
  },
};

function vaultContender(vault: ReturnType<typeof openVault>): Contender {
  const token = new Secret(text);
  return async () => {
    const opened = await vault.decryptToken(await vault.encryptToken(token, context), context);
    mustEqual(opened.reveal(), text);
  };
}

/** The floor: one key for everything, an IV and the same bound bytes. */
function bareContender(): Contender {
  const key = createSecretKey(randomBytes(32));
  const plain = Buffer.from(text);
  const bound = encodeContext(context, 1);
  const options = { authTagLength: 16 } as const;
  return () => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv, options).setAAD(bound);
    const ciphertext = cipher.update(plain);
    cipher.final();
    const decipher = createDecipheriv('aes-256-gcm', key, iv, options)
      .setAAD(bound)
      .setAuthTag(cipher.getAuthTag());
    const opened = decipher.update(ciphertext);
    decipher.final();
    mustEqual(opened.byteLength, plain.byteLength);
  };
}

/** As its documentation shows it: its own choice of a committing suite unless one is given, and a cache. */
function libraryContender(suiteId?: AlgorithmSuiteIdentifier): Contender {
  const { encrypt, decrypt } = buildClient();
  const keyring = new RawAesKeyringNode({
    keyName: 'bench',
    keyNamespace: 'bench',
    unencryptedMasterKey: Uint8Array.from(randomBytes(32)),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
  const manager = new NodeCachingMaterialsManager({
    backingMaterials: keyring,
    cache: getLocalCryptographicMaterialsCache(1_000),
    maxAge: 300_000,
  });
  const plain = Buffer.from(text);
  const options = { encryptionContext: { ...context }, ...(suiteId !== undefined && { suiteId }) };
  return async () => {
    const { result } = await encrypt(manager, plain, options);
    const { plaintext } = await decrypt(manager, result);
    mustEqual(plaintext.byteLength, plain.byteLength);
  };
}

interface Runner {
  readonly contender: Contender;
  /** How often it runs before the other takes its turn. */
  readonly turns: number;
}

/** How many times longer the left one takes. */
async function ratio(left: Runner, right: Runner): Promise<number> {
  const times = await takeTurns({ left: () => time(left), right: () => time(right) }, rounds);
  return medianRatio(times.left, times.right);
}

/** Milliseconds of one turn of a contender. */
async function time({ contender, turns }: Runner): Promise<number> {
  const start = performance.now();
  for (let turn = 0; turn < turns; turn += 1) await contender();
  return (performance.now() - start) / turns;
}

function mustEqual<Value>(actual: Value, expected: Value): void {
  if (actual !== expected) throw new Error('A contender did not give back what it was given.');
}
