/** The sandbox platforms are the other side of the wire: they must be able to disagree with the product. */
import { expect, test } from 'vitest';
import { readSourceFiles } from '../../structure/source-files.ts';

const rooms = ['infra/local/sandbox/', 'infra/local/platforms/'];
const isSandbox = (path: string) => rooms.some((room) => path.startsWith(room));

test('no sandbox platform imports code of the product', () => {
  const files = readSourceFiles().filter(({ path }) => isSandbox(path));

  const reached = files.flatMap(({ path, imports }) =>
    imports.filter((imported) => !isSandbox(imported.path)).map((imported) => `${path} → ${imported.path}`),
  );

  expect(files.length).toBeGreaterThan(40);
  expect(reached).toEqual([]);
});
