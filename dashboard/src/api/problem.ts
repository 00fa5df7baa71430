/** An answer that says why not, as RFC 9457 has it, or no answer at all. */
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

  /** Another try may help: the server or the way to it is at fault, not the question. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** What a failed request is about, whatever was thrown. */
export function toProblem(thrown: unknown): ApiProblem {
  if (thrown instanceof ApiProblem) return thrown;
  if (thrown instanceof TypeError) {
    return new ApiProblem({
      status: 0,
      title: "The server can't be reached",
      detail: "It may be starting again. The page goes on by itself when it is back.",
    });
  }
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new ApiProblem({ status: 500, title: "Something went wrong in the dashboard", detail });
}

/** The problem in an answer's body, or one made from its status where a proxy answered in its own words. */
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
