import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemNote } from "./problem.tsx";

/** The data of a query, or why there is none. Data that could not be renewed stays, with the reason above it. */
export function Loaded<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}) {
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    return query.error ? (
      <ProblemNote problem={query.error} onRetry={retry} />
    ) : (
      <p className="loading">Loading…</p>
    );
  }
  return (
    <>
      {query.error && <ProblemNote problem={query.error} onRetry={retry} />}
      {children(query.data)}
    </>
  );
}

/** What a list says when there is nothing in it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}
