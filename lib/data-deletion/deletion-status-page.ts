/** The page on which a person follows the data deletion that they requested. */
import type { Deletion } from './deletion-store.ts';

export function deletionStatusPage(
  { status, receivedAt, updatedAt }: Deletion,
  code: string,
): { readonly title: string; readonly text: string } {
  const asked = `Your request reached us on ${dayOf(receivedAt)}.`;
  const named = `Confirmation code: ${code}`;
  switch (status) {
    case 'received':
      return {
        title: 'Your request was received',
        text: `${asked} We will start soon. Check this page again later.\n\n${named}`,
      };
    case 'in_progress':
      return {
        title: 'Your data is being deleted',
        text: `${asked} We no longer have access to your account. Check this page again later.\n\n${named}`,
      };
    case 'done':
      return {
        title: 'Your data has been deleted',
        text: `${asked} We completed it on ${dayOf(updatedAt)}.\n\n${named}`,
      };
  }
}

/** Shown alike for an invented code and for one whose request has expired. */
export const unknownDeletionPage = {
  title: 'This request is not known',
  text: 'We did not issue this confirmation code, or it is more than half a year old.\n\nCheck that your link is complete. If it is, go back to where you got it and request the deletion again.',
} as const;

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
