/** The levels of the house. The architecture test and the report both read this table and no other. */

/** From the top down. A file may import from lower levels and from its own unit, never from a sibling. */
export const levels: readonly (readonly string[])[] = [
  ['infra'],
  ['functions'],
  ['lib/api'],
  ['lib/admin'],
  ['lib/integrations', 'lib/webhooks'],
  ['lib/platforms'],
  ['lib/connections', 'lib/flows', 'lib/tenants', 'lib/providers', 'lib/vault'],
  ['lib/oauth', 'lib/signatures', 'lib/platform-http', 'lib/table', 'lib/aws'],
  ['lib/messages'],
  [
    'lib/telemetry',
    'lib/cache.ts',
    'lib/config.ts',
    'lib/errors.ts',
    'lib/ids.ts',
    'lib/json.ts',
    'lib/constant-time.ts',
    'lib/views.ts',
    'lib/vocabulary.ts',
  ],
];

/** The lists of built-in platforms, the one thing below that names what is above it. */
export const registries: ReadonlySet<string> = new Set([
  'lib/providers/built-in.ts',
  'lib/providers/registry.ts',
]);

/** Siblings of which one is handed to the other, which knows its type and no more. */
export const handedOver: ReadonlySet<string> = new Set(['lib/oauth ← lib/platform-http']);

/** Rooms may hold this many files flat; beyond that they have rooms of their own. */
export const mostFilesInRoom = 14;
/** One file a Lambda, however many. */
export const roomsWithoutLimit: ReadonlySet<string> = new Set(['functions']);
export const mostLinesInFile = 300;
