import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemAlert } from "./problem-alert.tsx";

type QueryBoundaryProps<T> = {
  query: UseQueryResult<T>;
  /** The page's heading until there is data to make one from; not for parts of a page. */
  title?: string;
  children: (data: T) => ReactNode;
};

/** Renders the data of a query, or why there is none. When a refetch fails, the old data stays with the problem above it. */
export function QueryBoundary<T>({ query, title, children }: QueryBoundaryProps<T>) {
  const alert = query.error && <ProblemAlert problem={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) {
    return (
      <>
        {title && <h1>{title}</h1>}
        {alert ?? <p className="loading">Loading…</p>}
      </>
    );
  }
  return (
    <>
      {alert}
      {children(query.data)}
    </>
  );
}
