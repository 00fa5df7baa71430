/** The browser tab: title and icon show the status of the page. */

import { useEffect } from "react";
import { installationTitle } from "../state/installation-title.ts";
import type { Status } from "./status.ts";

/** Icons whose colours are visible on light and dark tab strips. */
const TAB_ICONS: Partial<Record<Status, string>> = {
  success:
    '<circle cx="16" cy="16" r="15" fill="#1f9d4f"/><path d="m9 17 5 5 9-11" stroke="#fff" stroke-width="4" fill="none"/>',
  warnings:
    '<path d="M16 2 31 29H1Z" fill="#d18b00"/><path d="M16 12v8m0 4v.2" stroke="#fff" stroke-width="4"/>',
  failure:
    '<rect width="32" height="32" rx="5" fill="#d3263a"/><path d="m9 9 14 14m0-14L9 23" stroke="#fff" stroke-width="4.5"/>',
  exception:
    '<path d="M16 0 32 16 16 32 0 16Z" fill="#8a4fd0"/><path d="M16 8v9m0 5v.2" stroke="#fff" stroke-width="4"/>',
  running:
    '<circle cx="16" cy="16" r="13" fill="none" stroke="#2f7de1" stroke-width="5"/><circle cx="16" cy="16" r="5" fill="#2f7de1"/>',
};

/** Sets the tab's title, and its icon when there is a status to show, for as long as the component is mounted. */
export function useTabStatus(title: string, status?: Status): void {
  useEffect(() => {
    document.title = title ? `${title} · ${installationTitle}` : installationTitle;
  }, [title]);
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>("link#favicon");
    const shape = status && TAB_ICONS[status];
    if (!icon || !shape) return;
    const before = icon.href;
    icon.href = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" stroke-linecap="round">${shape}</svg>`)}`;
    return () => {
      icon.href = before;
    };
  }, [status]);
}
