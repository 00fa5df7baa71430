/** Where the app is served. The server writes the path into `<base href>`, so the same files work under any path. */

/** The path of the app, with a trailing slash. */
export const basePath: string = new URL(document.baseURI).pathname;

/** The base URL that the typed API client prepends to its paths. */
export const apiBaseUrl: string = new URL(".", document.baseURI).href.replace(/\/$/, "");

/** The absolute URL of a path below the app's own: `api/v1/stream`. */
export function urlOf(path: string): string {
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}
