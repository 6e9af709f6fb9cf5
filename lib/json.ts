/** The only parser for JSON of platforms: integers beyond 2^53 become text, so that no id loses digits. */

/** Detects a number that may exceed 2^53. A false positive inside a string only costs time. */
const mayBeTooLarge = /(?:^|[:[,\s])-?(?:\d{16}|[\d.]*\d[eE])/;

/**
 * Parses JSON, with or without a byte order mark.
 * @throws SyntaxError when the text is not JSON.
 */
export function parseLossless(text: string): unknown {
  const json = text.startsWith('\ufeff') ? text.slice(1) : text;
  // A reviver makes parsing five times slower, and hardly any document needs it.
  return mayBeTooLarge.test(json) ? JSON.parse(json, keepDigits) : JSON.parse(json);
}

/** Parses JSON; returns undefined when the text is not JSON. */
export function jsonValue(text: string): unknown {
  try {
    return parseLossless(text);
  } catch {
    return undefined;
  }
}

export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = jsonValue(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** Parses a JSON object that breaks off: keeps every member and element that a comma or bracket shows to be complete. */
export function jsonObjectHead(text: string): Readonly<Record<string, unknown>> | undefined {
  let closing = '';
  let complete = { end: 0, closing: '' };
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index += 1;
      else inString = character !== '"';
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      // Deeper nesting than any platform's would make the parser overflow its stack.
      if (closing.length >= 64) break;
      closing = (character === '{' ? '}' : ']') + closing;
    } else if (character === '}' || character === ']') {
      closing = closing.slice(1);
      complete = { end: index + 1, closing };
    } else if (character === ',') complete = { end: index, closing };
  }
  return jsonObject(text.slice(0, complete.end) + complete.closing);
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    ? (context?.source ?? value)
    : value;
}
