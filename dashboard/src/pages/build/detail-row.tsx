const VALUE_MAX_CHARS = 400;

/** A named value in a `detail-list`: an input or a property. */
export function DetailRow({ name, value, origin }: { name: string; value: unknown; origin?: string }) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <>
      <dt title={origin && `set by ${origin}`}>{name}</dt>
      <dd className="mono" title={text}>
        {text.length > VALUE_MAX_CHARS ? `${text.slice(0, VALUE_MAX_CHARS)}…` : text}
      </dd>
    </>
  );
}
