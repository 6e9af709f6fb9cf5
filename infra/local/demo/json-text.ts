/** Formats JSON for people: a value that fits on one line stays on one line. */

const width = 92;

export function jsonText(value: unknown, indent = ''): string {
  const flat = flatText(value);
  if (indent.length + flat.length <= width || typeof value !== 'object' || value === null) return flat;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const lines = Array.isArray(value)
    ? value.map((item) => inner + jsonText(item, inner))
    : Object.entries(value).map(([name, field]) => `${inner}"${name}": ${jsonText(field, inner)}`);
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

function flatText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).map(([name, field]) => `"${name}": ${flatText(field)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}
