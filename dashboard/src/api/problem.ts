/** A failed request: the problem (RFC 9457) in the response, or status 0 when there was no response. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;

  constructor({
    status,
    title,
    code,
    detail,
  }: { status: number; title: string; code?: string; detail?: string }) {
    super(title);
    this.name = "ApiProblem";
    this.status = status;
    this.code = code ?? "";
    this.detail = detail ?? "";
  }

  /** True when another try may succeed: the server or the network is at fault, not the request. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The problem behind anything that was thrown. */
export function toProblem(thrown: unknown): ApiProblem {
  if (thrown instanceof ApiProblem) return thrown;
  if (thrown instanceof TypeError) {
    return new ApiProblem({
      status: 0,
      title: "The server can't be reached",
      detail: "It may be restarting. This page reconnects by itself.",
    });
  }
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new ApiProblem({ status: 500, title: "Something went wrong in the dashboard", detail });
}

/** The problem in a response's body, or one made from the status when a proxy answered with something else. */
export function problemFromResponse(status: number, body: unknown): ApiProblem {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const text = (name: string) => (typeof fields[name] === "string" ? fields[name] : undefined);
  return new ApiProblem({
    status,
    title: text("title") ?? `The server answered ${status}`,
    code: text("code"),
    detail: text("detail"),
  });
}
