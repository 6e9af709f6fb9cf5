/** The levels of the house. The architecture test and the report both read this table and no other. */

/** From the top down. A file may import from lower levels and from its own unit, never from a sibling. */
export const levels: readonly (readonly string[])[] = [
  ['infra'],
  ['functions'],
  ['lib/runtime'],
  ['lib/data-deletion', 'lib/admin'],
  ['lib/failures'],
  ['lib/webhooks', 'lib/deliveries'],
  ['lib/integrations'],
  ['lib/platforms'],
  [
    'lib/connections',
    'lib/flows',
    'lib/tenants',
    'lib/access',
    'lib/provider-apps',
    'lib/jobs',
    'lib/providers',
    'lib/vault',
  ],
  ['lib/oauth', 'lib/signatures', 'lib/platform-http', 'lib/table', 'lib/aws'],
  ['lib/telemetry', 'lib/contract', 'lib/messages'],
  [
    'lib/cache.ts',
    'lib/config.ts',
    'lib/errors.ts',
    'lib/ids.ts',
    'lib/json.ts',
    'lib/constant-time.ts',
    'lib/vocabulary.ts',
  ],
];

/** Siblings of which one is handed to the other, which knows its type and no more. */
export const handedOver: ReadonlySet<string> = new Set(['lib/oauth ← lib/platform-http']);

/** Rooms may hold this many files flat; beyond that they have rooms of their own. */
export const mostFilesInRoom = 14;
/** One file a Lambda, however many. */
export const roomsWithoutLimit: ReadonlySet<string> = new Set(['functions']);
export const mostLinesInFile = 300;
