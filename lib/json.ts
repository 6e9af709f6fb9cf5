/** The one parser of platforms' JSON: integers beyond JavaScript's safe range become text, so that no id loses digits. */

/** Finds numbers that may be unsafe. A match inside a string is a false alarm, and costs only time. */
const mayBeTooLarge = /(?:^|[:[,\s])-?(?:\d{16}|[\d.]*\d[eE])/;

/**
 * Parses a JSON text.
 * @throws SyntaxError when it is not JSON.
 */
export function parseLossless(text: string): unknown {
  // Reviving each value takes five times as long as parsing alone, and hardly any webhook has such a number.
  return mayBeTooLarge.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

/** The value of a JSON text, or nothing when it is not JSON. */
export function jsonValue(text: string): unknown {
  try {
    return parseLossless(text);
  } catch {
    return undefined;
  }
}

/** The object of a JSON text, or nothing when it is not an object. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = jsonValue(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    ? (context?.source ?? value)
    : value;
}
