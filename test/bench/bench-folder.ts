/** Where the bench puts what it builds. Ignored by git, and outlives a run only to save the next one work. */
import { resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..', '..');
export const benchFolder = resolve(root, '.build', 'bench');
/** Kept from run to run: it takes the better part of a minute to build. */
export const runtimeClientFolder = resolve(root, '.build', 'ric');
