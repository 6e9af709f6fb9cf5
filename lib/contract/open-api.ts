/** The OpenAPI document of the API at one address. */
import { openApiDocument } from './open-api-document.ts';

/** @param publicUrl where the API is reached. */
export function openApi(publicUrl: string): Readonly<Record<string, unknown>> {
  return { ...openApiDocument, servers: [{ url: publicUrl }] };
}
