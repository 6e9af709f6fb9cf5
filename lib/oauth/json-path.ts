/**
 * Reads a value from parsed JSON by its path. Dots separate names and indexes; `a|b` takes the first path with a value,
 * `a+b` joins both. Only own properties count, so that no path reaches into a prototype.
 */

export type Scalar = string | number | boolean;

/** Returns the values of the first alternative that has any: one for a plain path, several where `+` joins them. */
export function readScalars(value: unknown, path: string): readonly Scalar[] {
  for (const alternative of path.split('|')) {
    const found = alternative.split('+').map((one) => at(value, one));
    const scalars = found.filter(isScalar);
    if (scalars.length > 0) return scalars;
  }
  return [];
}

/** Returns the value at a path; several values become one text. */
export function readScalar(value: unknown, path: string): Scalar | undefined {
  const [first, ...others] = readScalars(value, path);
  return others.length === 0 ? first : [first, ...others].join(' ');
}

/** Returns the text or number at a path, as text. */
export function readText(value: unknown, path: string): string | undefined {
  const found = readScalar(value, path);
  return found === undefined || typeof found === 'boolean' ? undefined : String(found);
}

/** Returns the value of every alternative as text, in order. A caller picks the first error code that it knows. */
export function readAlternatives(value: unknown, path: string): readonly string[] {
  return path.split('|').flatMap((one) => readText(value, one) ?? []);
}

/** Returns any value at one plain path, without alternatives. */
export function at(value: unknown, path: string): unknown {
  let inner = value;
  for (const name of path.split('.')) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, name)) return undefined;
    if (Array.isArray(inner) && !/^\d+$/.test(name)) return undefined;
    inner = (inner as Readonly<Record<string, unknown>>)[name];
  }
  return inner;
}

function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'boolean' || (typeof value === 'string' && value !== '');
}
