/** Which topics a fact makes stale; queries name the topics they show. */

type FactBody = { stream_id?: unknown; data?: { build_id?: unknown } };

/** Topics of a fact by its stored name. A name that isn't known here changes everything, which is slow but never wrong. */
export function topicsOf(name: string, body: unknown): readonly string[] {
  const { stream_id, data } = (body ?? {}) as FactBody;
  const kind = name.replace(/\.v\d+$/, "");
  const [noun] = kind.split(".");
  switch (noun) {
    case "build":
      return buildTopics(kind, `build:${stream_id}`);
    case "log":
      return [`log:${stream_id}`, ...(data?.build_id ? [`build:${data.build_id}`] : [])];
    case "request":
      return ["home", "queue", "builders"];
    case "worker":
    case "machine":
      return ["workers", "queue", "home"];
    case "change":
    case "source":
      return ["changes"];
    case "pipeline":
      return ["changes", "builders"];
    case "person":
      return ["changes", "home"];
    case "enrollment":
      return ["workers"];
    case "server":
      return [];
    default:
      return [EVERYTHING];
  }
}

/** The topic of every query. */
export const EVERYTHING = "everything";

function buildTopics(kind: string, build: string): readonly string[] {
  switch (kind) {
    case "build.assigned":
    case "build.finished":
    case "build.stop_requested":
      return [build, "home", "builders", "queue", "workers"];
    case "build.step_started":
      return [build, "home", "builders"];
    case "build.step_locks_requested":
    case "build.step_locks_taken":
      return [build, "home", "queue", "locks"];
    default:
      return [build];
  }
}
