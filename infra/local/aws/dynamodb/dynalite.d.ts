/** The part of dynalite, which brings no types, that the local stack uses. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** Folder of the LevelDB store; in memory when absent. */
    readonly path?: string;
    readonly createTableMs?: number;
    readonly updateTableMs?: number;
    readonly deleteTableMs?: number;
  }

  /** A server that is not listening yet. Its `close` also closes the store. */
  function dynalite(options: DynaliteOptions): Server;
  export = dynalite;
}
