/**
 * What a sandbox platform remembers of its users: clients, codes and grants, kept in one JSON file across restarts.
 * Switches, faults and counters belong to a test run and are not kept.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

export const clientSchema = z.strictObject({
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  redirectUris: z.array(z.url()),
});

const codeSchema = z.object({
  code: z.string(),
  /** The id that the grant will have once the code is redeemed. */
  grantId: z.string(),
  clientId: z.string(),
  account: z.string(),
  subject: z.string(),
  redirectUri: z.string(),
  scopes: z.array(z.string()),
  refreshable: z.boolean(),
  challenge: z.exactOptional(z.string()),
  expiresAt: z.number(),
  spent: z.boolean(),
});

const grantSchema = z.object({
  id: z.string(),
  clientId: z.string(),
  account: z.string(),
  subject: z.string(),
  scopes: z.array(z.string()),
  /** When the code was redeemed. */
  grantedAt: z.exactOptional(z.number()),
  /** `expiresAt` is null for a refresh token without an end. */
  refreshToken: z.exactOptional(z.object({ token: z.string(), expiresAt: z.number().nullable() })),
  spentRefreshTokens: z.array(z.string()),
  accessTokens: z.array(
    z.object({ token: z.string(), expiresAt: z.number(), issuedAt: z.exactOptional(z.number()) }),
  ),
});

const stateSchema = z.object({
  version: z.literal(1),
  clients: z.array(clientSchema),
  codes: z.array(codeSchema),
  grants: z.array(grantSchema),
});

export type PendingCode = z.output<typeof codeSchema>;
export type Grant = z.output<typeof grantSchema>;
export type State = z.output<typeof stateSchema>;

/** Reads the state, or starts an empty one when there is no file. Throws when the file is not a state. */
export function loadState(file: string | undefined): State {
  const text = file === undefined ? undefined : readIfThere(file);
  if (text === undefined) return { version: 1, clients: [], codes: [], grants: [] };
  const parsed = stateSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new Error(`${file} is not the state of a sandbox platform. Delete it to start afresh.`);
  }
  return parsed.data;
}

/** Writes the state as a whole or not at all, readable by its owner alone: it holds the sandbox's secrets. */
export function saveState(file: string | undefined, state: State): void {
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
