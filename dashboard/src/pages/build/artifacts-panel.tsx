import type { Artifact, BuildDetail } from "../../api/types.ts";
import { plural } from "../../format/plural.ts";
import { formatSize } from "../../format/size.ts";
import { urlOf } from "../../state/urls.ts";
import { TimeAgo } from "../../time/time-elements.tsx";

const SHOWN_DIGEST_CHARS = 8;

/** The artifacts the build uploaded, with those that were deleted since. */
export function ArtifactsPanel({ detail: { artifacts, build } }: { detail: BuildDetail }) {
  return (
    <section className="panel" aria-labelledby="artifacts">
      <div className="panel-head">
        <h2 id="artifacts">
          Artifacts{artifacts.length > 0 && <span className="count">{artifacts.length}</span>}
        </h2>
      </div>
      {artifacts.length === 0 ? (
        <p className="panel-note">
          {build.finished_at ? "This build has uploaded no artifacts." : "No artifacts yet."}
        </p>
      ) : (
        <ul>
          {artifacts.map((artifact) => (
            <ArtifactRow key={artifact.operation_id} artifact={artifact} />
          ))}
        </ul>
      )}
    </section>
  );
}

function ArtifactRow({ artifact }: { artifact: Artifact }) {
  const { name, kind, operation_id, sha256, size_bytes, file_count, removed_at, expires_at } = artifact;
  const label = kind === "directory" ? `${name}/` : name;
  return (
    <li className="artifact-row">
      <span className="artifact-name">
        {removed_at ? (
          <s>{label}</s>
        ) : (
          <a
            href={urlOf(`api/v1/artifacts/${operation_id}`)}
            download
            title={kind === "directory" ? "Download as a zip" : "Download"}
          >
            {label}
          </a>
        )}
      </span>
      <span className="artifact-details muted">
        <span className="number">{formatSize(size_bytes)}</span>
        {kind === "directory" && <span>{plural(file_count, "file")}</span>}
        <code title={`SHA-256 ${sha256}`}>{sha256.slice(0, SHOWN_DIGEST_CHARS)}</code>
        {removed_at && (
          <span>
            deleted <TimeAgo at={removed_at} />
          </span>
        )}
        {expires_at && (
          <span>
            kept until <time dateTime={expires_at}>{expires_at.slice(0, 10)}</time>
          </span>
        )}
      </span>
    </li>
  );
}
