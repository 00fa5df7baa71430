/** What a person chose in this browser. Kept in local storage; without it, for the life of the page. */

import type { Zone } from "../format/time.ts";
import { Store } from "./store.ts";

export type Theme = "system" | "light" | "dark";

const THEMES: readonly Theme[] = ["system", "light", "dark"];
const ZONES: readonly Zone[] = ["local", "utc"];

export const theme = new Store<Theme>(read("theme", THEMES));
export const zone = new Store<Zone>(read("zone", ZONES));

applyTheme();
theme.subscribe(() => {
  write("theme", theme.get());
  applyTheme();
});
zone.subscribe(() => write("zone", zone.get()));

function applyTheme(): void {
  document.documentElement.dataset.theme = theme.get();
}

function read<T extends string>(name: string, allowed: readonly T[]): T {
  const stored = storage()?.getItem(`buildledger.${name}`);
  return allowed.find((value) => value === stored) ?? (allowed[0] as T);
}

function write(name: string, value: string): void {
  storage()?.setItem(`buildledger.${name}`, value);
}

/** Undefined where the browser forbids it. */
function storage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
