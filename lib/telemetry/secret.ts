/** A secret on its way through the program: it prints as `[redacted]` wherever it might be printed by mistake. */

const redacted = '[redacted]';

/** Holds a secret text. Only {@link Secret.reveal} gives it out; logging, JSON and string building do not. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret itself, for the one call that needs it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return redacted;
  }
}
