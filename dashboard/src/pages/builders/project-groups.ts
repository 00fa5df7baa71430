/** Builders under the projects that they belong to. Pure. */

import type { Builder, Project } from "../../api/types.ts";

export type ProjectGroup = {
  /** By name; undefined: builders that belong to none. */
  readonly name: string | undefined;
  /** What is known of the project; undefined while that isn't there. */
  readonly project: Project | undefined;
  readonly builders: readonly Builder[];
};

/** Groups in the order of their titles, builders without a project last; one group if no builder has a project. */
export function projectGroups(builders: readonly Builder[], projects: readonly Project[]): ProjectGroup[] {
  const known = new Map(projects.map((project) => [project.name, project]));
  const byName = new Map<string | undefined, Builder[]>();
  for (const builder of builders) {
    const name = builder.project ?? undefined;
    const group = byName.get(name);
    if (group) group.push(builder);
    else byName.set(name, [builder]);
  }
  const groups = [...byName].map(([name, members]) => ({
    name,
    project: name === undefined ? undefined : known.get(name),
    builders: members,
  }));
  return groups.sort((one, other) => titleOf(one).localeCompare(titleOf(other)));
}

const LAST = "\uffff";

function titleOf({ name, project }: ProjectGroup): string {
  return project?.title ?? name ?? LAST;
}
