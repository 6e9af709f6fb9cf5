/** Makes HTTP requests and prints each of them. It follows no redirect, and times out. */
import type { Transcript } from './transcript.ts';

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

/** Longer than the time-out of any function. */
const timeoutMilliseconds = 35_000;

export type Caller = (asked: Asked) => Promise<Answer>;

/** @param by the caller's name in the transcript. */
export function createCaller(by: string, transcript: Transcript, fetch: typeof globalThis.fetch): Caller {
  return async ({ method, url, headers = new Headers(), body }) => {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMilliseconds),
      ...(body !== undefined && { body }),
    });
    const answer = { status: response.status, headers: response.headers, text: await response.text() };
    transcript.exchange({
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
