import { expect, test } from "vitest";
import type { Builder, Project } from "../../api/types.ts";
import { projectGroups } from "./project-groups.ts";

const builder = (name: string, project: string | null) => ({ name, project }) as Builder;
const project = (name: string, title: string) => ({ name, title }) as Project;

test("builders stand under their projects, in the order of the titles, and those without one last", () => {
  const builders = [builder("a", null), builder("b", "x"), builder("c", "y"), builder("d", "x")];
  const groups = projectGroups(builders, [project("x", "Zebra"), project("y", "Ant")]);
  expect(groups.map(({ name, builders: members }) => [name, members.map((each) => each.name)])).toEqual([
    ["y", ["c"]],
    ["x", ["b", "d"]],
    [undefined, ["a"]],
  ]);
});

test("a project of which nothing is known yet is called by its name", () => {
  const [group] = projectGroups([builder("b", "x")], []);
  expect([group?.name, group?.project]).toEqual(["x", undefined]);
});
