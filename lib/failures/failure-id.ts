/** What a message that failed is called. */

/** The same for the same message, however often it is filed. */
export function failureId(sentAt: number, messageId: string): string {
  return `${String(sentAt).padStart(15, '0')}-${messageId}`;
}
