import { Link } from "@tanstack/react-router";
import type { Request } from "../../api/types.ts";
import { SourceStamps } from "../../components/source-stamps.tsx";

/** The first line of a request: its builder, and what is to be built. */
export function RequestHeading({ request }: { request: Request }) {
  return (
    <div className="request-line">
      <Link to="/builders/$builder" params={{ builder: request.builder }} className="request-builder">
        {request.builder}
      </Link>
      <SourceStamps stamps={request.stamps} />
    </div>
  );
}
