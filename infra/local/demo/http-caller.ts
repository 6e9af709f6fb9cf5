/** Makes HTTP requests and tells each to the story. Follows no redirect; gives up in time. */
import type { Story } from './story.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers?: Headers;
  readonly body?: URLSearchParams | string;
}

/** Longer than any function may take. */
const timeoutMilliseconds = 35_000;

export type Caller = (asked: Asked) => Promise<Answer>;

/** @param by who calls, as the story names it. */
export function createCaller(by: string, story: Story, fetch: typeof globalThis.fetch): Caller {
  return async ({ method, url, headers = new Headers(), body }) => {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMilliseconds),
      ...(body !== undefined && { body }),
    });
    const answer = { status: response.status, headers: response.headers, text: await response.text() };
    story.exchange({
      by,
      method,
      url,
      headers,
      body,
      status: answer.status,
      answerHeaders: answer.headers,
      answer: answer.text,
    });
    return answer;
  };
}
