/** The variables of a connection that the platform names itself, with the callback or with the token answer. */
import { type Placed, place } from './answer-body.ts';
import type { GeneratedPlatformFacts, VariableFacts } from './facts.ts';

/** Parameters of the callback. */
export function callbackVariables({ connectionFields }: GeneratedPlatformFacts): Record<string, string> {
  return Object.fromEntries(
    Object.values(connectionFields).flatMap((field) => {
      const text = textOf(field);
      return field.from && 'callback' in field.from && text !== undefined
        ? [[field.from.callback, text]]
        : [];
    }),
  );
}

/** Values of the token answer. */
export function tokenAnswerVariables({ connectionFields }: GeneratedPlatformFacts): readonly Placed[] {
  return Object.values(connectionFields).flatMap((field) =>
    field.from && 'tokenAnswer' in field.from ? place(field.from.tokenAnswer, textOf(field)) : [],
  );
}

/** The example or default value as the platform sends it: inside a URL where the data takes it out of one. */
function textOf({ example, default: usual, extract }: VariableFacts): string | undefined {
  const value = example ?? usual;
  if (value === undefined || extract === undefined) return value;
  const pattern = new RegExp(extract);
  return [value, `https://${value}`, `https://${value}/`].find((text) => pattern.exec(text)?.[1] === value);
}
