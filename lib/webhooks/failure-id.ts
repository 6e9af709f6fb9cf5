/** What a message that failed is called. */

/** When it was sent, so that they sort by time, and SQS's id of it. */
export const failureIdPattern = /^\d{15}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The same for the same message, however often it is filed. */
export function failureId(sentAt: number, messageId: string): string {
  return `${String(sentAt).padStart(15, '0')}-${messageId}`;
}
