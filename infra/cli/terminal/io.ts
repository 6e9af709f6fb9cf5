/** What a command touches of the world around it, so that a test can be that world. */

export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where `.local` and `.hawser` are looked for. */
  readonly folder: string;
  readonly now: () => number;
  readonly fetch: typeof fetch;
}

interface Output {
  write(text: string): unknown;
}

/** Standard input; on a terminal, what is typed can be kept from showing. */
export interface Input extends AsyncIterable<string | Uint8Array> {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}
