import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemAlert } from "./problem-alert.tsx";

type QueryBoundaryProps<T> = {
  query: UseQueryResult<T>;
  /** The page's heading while there is no data to make one from; not for parts of a page. */
  title?: string;
  children: (data: T) => ReactNode;
};

/** The data of a query, or why there is none. Data that could not be renewed stays, with the reason above it. */
export function QueryBoundary<T>({ query, title, children }: QueryBoundaryProps<T>) {
  const note = query.error && <ProblemAlert problem={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) {
    return (
      <>
        {title && <h1>{title}</h1>}
        {note ?? <p className="loading">Loading…</p>}
      </>
    );
  }
  return (
    <>
      {note}
      {children(query.data)}
    </>
  );
}

/** What a list says when there is nothing in it. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}
