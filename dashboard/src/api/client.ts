/** The HTTP client of the API, typed by its OpenAPI document. */

import createClient from "openapi-fetch";
import { apiBaseUrl } from "../state/urls.ts";
import { problemFromResponse } from "./problem.ts";
import type { paths } from "./schema.d.ts";

export const api = createClient<paths>({ baseUrl: apiBaseUrl, credentials: "same-origin" });

export type ApiResponse<T> = { data?: T; error?: unknown; response: Response };

/**
 * The body of a successful response.
 *
 * Throws an `ApiProblem` for any other response, and what `fetch` throws when there is none.
 */
export async function dataOrThrow<T>(request: Promise<ApiResponse<T>>): Promise<T> {
  const { data, error, response } = await request;
  if (!response.ok || data === undefined) throw problemFromResponse(response.status, error);
  return data;
}
