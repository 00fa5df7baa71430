/** The button under a list that has further pages. */
export function LoadMoreButton({
  query,
  label = "Show older ones",
}: {
  label?: string;
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage(): unknown };
}) {
  if (!query.hasNextPage) return null;
  return (
    <div className="more">
      <button
        type="button"
        className="button small"
        disabled={query.isFetchingNextPage}
        onClick={() => query.fetchNextPage()}
      >
        {query.isFetchingNextPage ? "Loading…" : label}
      </button>
    </div>
  );
}
