/** Theme and time zone chosen in this browser. Kept in local storage, or in memory where storage is forbidden. */

import type { TimeZone } from "../format/time.ts";
import { Store } from "./store.ts";

export type Theme = "system" | "light" | "dark";

const THEMES: readonly Theme[] = ["system", "light", "dark"];
const TIME_ZONES: readonly TimeZone[] = ["local", "utc"];

export const theme = new Store<Theme>(read("theme", THEMES));
export const timeZone = new Store<TimeZone>(read("zone", TIME_ZONES));

applyTheme();
theme.subscribe(() => {
  write("theme", theme.get());
  applyTheme();
});
timeZone.subscribe(() => write("zone", timeZone.get()));

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

/** Local storage, or undefined where the browser forbids it. */
function storage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
