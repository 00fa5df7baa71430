import createClient from "openapi-fetch";
import { apiBaseUrl } from "../state/urls.ts";
import { problemFromResponse } from "./problem.ts";
import type { paths } from "./schema.d.ts";

/** The API, typed by its OpenAPI document. */
export const api = createClient<paths>({ baseUrl: apiBaseUrl, credentials: "same-origin" });

type ApiResponse<T> = { data?: T; error?: unknown; response: Response };

/**
 * The body of a good answer.
 *
 * Throws an `ApiProblem` for any other, and what `fetch` throws when there is none.
 */
export async function dataOrThrow<T>(request: Promise<ApiResponse<T>>): Promise<T> {
  const { data, error, response } = await request;
  if (!response.ok || data === undefined) throw problemFromResponse(response.status, error);
  return data;
}

/** A name for one command, so that sending it again does nothing twice. Also where `randomUUID` is not allowed. */
export function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
