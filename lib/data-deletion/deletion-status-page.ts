/** What a person is told of the deletion that they asked for. */
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
        text: `${asked} It is about to be worked on; look here again later.\n\n${named}`,
      };
    case 'in_progress':
      return {
        title: 'Your data is being deleted',
        text: `${asked} Access to your account has ended; look here again later.\n\n${named}`,
      };
    case 'done':
      return {
        title: 'Your data has been deleted',
        text: `${asked} It was done on ${dayOf(updatedAt)}.\n\n${named}`,
      };
  }
}

/** The same for a code that nobody was given, and for one whose request is long forgotten. */
export const unknownDeletionPage = {
  title: 'This request is not known',
  text: 'Nobody was given this confirmation code here, or it is more than half a year old.\n\nLook whether your link is complete. Else go back to where you were given it and ask again.',
} as const;

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
