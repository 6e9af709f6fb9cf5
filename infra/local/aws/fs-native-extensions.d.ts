/** The part of fs-native-extensions that the folder lock uses; the package brings no types of its own. */
declare module 'fs-native-extensions' {
  /** False when another open file holds the lock, in this process or in another. The system frees it with the file. */
  export function tryLock(fd: number): boolean;
}
