/** The one parser of JSON that platforms wrote: whole numbers beyond JavaScript's become text, so that no id loses digits. */

/** A number outside of quotes that may be beyond JavaScript's. In a text it is only taken for one, which costs time. */
const mayBeTooLarge = /(?:^|[:[,\s])-?(?:\d{16}|[\d.]*\d[eE])/;

/**
 * The value that a text holds.
 * @throws SyntaxError when it is no JSON.
 */
export function parseLossless(text: string): unknown {
  // Looking at each value takes five times as long as parsing, and hardly any delivery has such a number.
  return mayBeTooLarge.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

/** The value in an answer, or nothing where it is no JSON. */
export function jsonValue(text: string): unknown {
  try {
    return parseLossless(text);
  } catch {
    return undefined;
  }
}

/** The JSON object in an answer, or nothing. */
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
