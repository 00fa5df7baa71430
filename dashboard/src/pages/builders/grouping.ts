import type { Builder } from "../../api/types.ts";

/** A builder of its own, or the cells of one matrix. */
export type Entry = { name: string; builders: readonly Builder[]; isMatrix: boolean };

/** Builders with the cells of each matrix together, in the order in which they come. */
export function grouped(builders: readonly Builder[]): Entry[] {
  const entries = new Map<string, { name: string; builders: Builder[]; isMatrix: boolean }>();
  for (const builder of builders) {
    const isMatrix = Object.keys(builder.matrix).length > 0;
    const key = isMatrix ? `matrix ${builder.base}` : `builder ${builder.name}`;
    const entry = entries.get(key);
    if (entry) entry.builders.push(builder);
    else entries.set(key, { name: isMatrix ? builder.base : builder.name, builders: [builder], isMatrix });
  }
  return [...entries.values()];
}

/** How many of the builders are how, the worst first: `2 broken, 498 passing`. */
export function counted(builders: readonly Builder[], labels: Record<Builder["status"], string>): string {
  const order = ["broken", "unclear", "never_built", "passing"] as const;
  return order
    .map(
      (status) => [builders.filter((builder) => builder.status === status).length, labels[status]] as const,
    )
    .filter(([count]) => count > 0)
    .map(([count, label]) => `${count.toLocaleString("en")} ${label}`)
    .join(", ");
}

/** What stands for all of them where there is room for one: broken if any is. */
export function worst(builders: readonly Builder[]): Builder["status"] {
  const order = ["broken", "unclear", "never_built", "passing"] as const;
  return order.find((status) => builders.some((builder) => builder.status === status)) ?? "never_built";
}
