/** Where this app lives. The server says so in `<base href>`, so the same files work under any path. */

/** The path of the app, with a slash at its end. */
export const basePath: string = new URL(document.baseURI).pathname;

/** The address of the API that the typed client puts its paths behind. */
export const apiBaseUrl: string = new URL(".", document.baseURI).href.replace(/\/$/, "");

/** The absolute address of something below the app's own path: `api/v1/stream`. */
export function urlOf(path: string): string {
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}
