/** The only parser for JSON of platforms: integers beyond 2^53 become text, so that no id loses digits. */

/** Detects a number that may exceed 2^53. A false positive inside a string only costs time. */
const mayBeTooLarge = /(?:^|[:[,\s])-?(?:\d{16}|[\d.]*\d[eE])/;

/**
 * Parses JSON.
 * @throws SyntaxError when the text is not JSON.
 */
export function parseLossless(text: string): unknown {
  // A reviver makes parsing five times slower, and hardly any document needs it.
  return mayBeTooLarge.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

/** Parses JSON; returns undefined when the text is not JSON. */
export function jsonValue(text: string): unknown {
  try {
    return parseLossless(text);
  } catch {
    return undefined;
  }
}

/** Parses a JSON object; returns undefined for any other value or text. */
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
