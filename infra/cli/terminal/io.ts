/** A command's input, output and environment, so that a test can supply them. */

export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder that holds `.local` and `.hawser`. */
  readonly folder: string;
  readonly now: () => number;
  readonly fetch: typeof fetch;
}

interface Output {
  /** Width of a terminal; absent for a pipe. */
  readonly columns?: number;
  write(text: string): unknown;
}

/** Standard input; a terminal can stop echoing what is typed. */
export interface Input extends AsyncIterable<string | Uint8Array> {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}
