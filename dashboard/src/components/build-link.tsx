import { Link } from "@tanstack/react-router";
import { statusOf } from "../ui/status.ts";
import { StatusIcon } from "../ui/status-icon.tsx";

type Named = { id: string; builder: string; number: number; result: string | null };

/** A build as `tests #12`, or `#12` where its builder is known from the place. */
export function BuildLink({ build, isShort = false }: { build: Named; isShort?: boolean }) {
  return (
    <Link to="/builds/$build" params={{ build: build.id }} className="build-link">
      {!isShort && `${build.builder} `}
      <span className="nowrap">#{build.number}</span>
    </Link>
  );
}

/** The same with the status's shape before it. */
export function BuildLinkWithStatus({ build, isShort = false }: { build: Named; isShort?: boolean }) {
  return (
    <span className="nowrap">
      <StatusIcon status={statusOf(build.result, true)} label={true} />{" "}
      <BuildLink build={build} isShort={isShort} />
    </span>
  );
}
