import { Link } from "@tanstack/react-router";

type NumberedBuild = { id: string; builder: string; number: number };

/** A link to a build: `tests #12`, or `#12` where the builder is clear from the context. */
export function BuildLink({ build, isShort = false }: { build: NumberedBuild; isShort?: boolean }) {
  return (
    <Link to="/builds/$build" params={{ build: build.id }}>
      {!isShort && `${build.builder} `}
      <span className="nowrap">#{build.number}</span>
    </Link>
  );
}
