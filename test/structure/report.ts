/**
 * `node test/structure/report.ts`: prints the structure of the product, read from its source files. It fails when
 * a file breaks a rule of the structure.
 */
import { posix } from 'node:path';
import { findCircle, upwardImports } from './imports.ts';
import { mostFilesInRoom, mostLinesInFile, roomsWithoutLimit } from './levels.ts';
import { readSourceFiles, type SourceFile } from './source-files.ts';

const files = readSourceFiles();
const sections: readonly (readonly [title: string, found: readonly string[], most: number])[] = [
  ['Circles of imports', [findCircle(files)?.join(' → ') ?? []].flat(), 0],
  ['Upward imports', upwardImports(files).map(({ from, to }) => `${from} → ${to}`), 0],
  [`Rooms of more than ${mostFilesInRoom} files flat`, crowdedRooms(), 0],
  [`Files over ${mostLinesInFile} lines`, longFiles(), 0],
  ["Files that assign a connection's status", statusFiles(), 1],
  ['Sets of error codes', filesWith(/\bReadonlySet<(?:string|ErrorCode)>[^;]*'[A-Z]+(?:_[A-Z]+)+'/), 0],
  // A reader decides whether such files do the same for two things.
  ['Names that several files share', sharedNames(), Number.POSITIVE_INFINITY],
];

let failed = false;
for (const [title, found, most] of sections) {
  if (found.length > most) failed = true;
  process.stdout.write(`${found.length > most ? '✗' : '✓'} ${title}: ${found.length || 'none'}\n`);
  for (const line of found) process.stdout.write(`    ${line}\n`);
}
process.exitCode = failed ? 1 : 0;

function filesWith(pattern: RegExp): readonly string[] {
  return files
    .filter(({ path, text }) => path.startsWith('lib/') && pattern.test(text))
    .map(({ path }) => path);
}

/** Other records have a status, too; a connection's is assigned where its type is imported. */
function statusFiles(): readonly string[] {
  const connections = 'lib/connections/';
  const assigning = filesWith(
    /\bstatus: '(?:active|expiring|reconnect_required|misconfigured|disconnecting)'/,
  );
  return files
    .filter(({ path, imports }) =>
      [path, ...imports.map((to) => to.path)].some((one) => one.startsWith(connections)),
    )
    .map(({ path }) => path)
    .filter((path) => assigning.includes(path));
}

function crowdedRooms(): readonly string[] {
  const rooms = Map.groupBy(files, ({ path }) => posix.dirname(path));
  return [...rooms]
    .filter(([room, inside]) => inside.length > mostFilesInRoom && !roomsWithoutLimit.has(room))
    .map(([room, inside]) => `${room} (${inside.length})`);
}

function longFiles(): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length;
    return lines > mostLinesInFile ? [`${path} (${lines})`] : [];
  });
}

function sharedNames(): readonly string[] {
  const nameOf = ({ path }: SourceFile) => posix.basename(path);
  return [...Map.groupBy(files, nameOf)]
    .filter(([, same]) => same.length > 1)
    .map(([name, same]) => `${name}: ${same.map(({ path }) => posix.dirname(path)).join(', ')}`);
}
