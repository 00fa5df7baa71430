import type { ReactNode } from "react";

/** Decorative line icons, used beside a text or in a button with a label. */
const DRAWINGS = {
  sun: (
    <>
      <circle cx="8" cy="8" r="3" />
      <path d="M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M3 13l1.2-1.2M11.8 4.2 13 3" />
    </>
  ),
  moon: <path d="M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1Z" />,
  system: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M8 1.8v12.4a6.2 6.2 0 0 0 0-12.4Z" fill="currentColor" />
    </>
  ),
  clock: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M8 4.4V8l2.4 1.6" />
    </>
  ),
  person: (
    <>
      <circle cx="8" cy="5.2" r="2.9" />
      <path d="M2.6 14.2a5.4 5.4 0 0 1 10.8 0" />
    </>
  ),
  commit: (
    <>
      <circle cx="8" cy="8" r="2.8" />
      <path d="M.8 8h4.4M10.8 8h4.4" />
    </>
  ),
  branch: (
    <>
      <circle cx="4.5" cy="3.2" r="1.7" />
      <circle cx="4.5" cy="12.8" r="1.7" />
      <circle cx="11.8" cy="5" r="1.7" />
      <path d="M4.5 5v6M11.8 6.7c0 3-4.8 2.4-7 4.4" />
    </>
  ),
  machine: (
    <>
      <rect x="1.5" y="2.5" width="13" height="8.5" rx="1.5" />
      <path d="M5.5 14h5M8 11v3" />
    </>
  ),
  search: (
    <>
      <circle cx="6.8" cy="6.8" r="4.6" />
      <path d="m10.3 10.3 4 4" />
    </>
  ),
  up: <path d="m3 10 5-5 5 5" />,
  down: <path d="m3 6 5 5 5-5" />,
  right: <path d="m6 3 5 5-5 5" />,
  close: <path d="m3.5 3.5 9 9m0-9-9 9" />,
  play: <path d="M4.5 2.6v10.8l8.6-5.4Z" fill="currentColor" />,
  stop: <rect x="3.5" y="3.5" width="9" height="9" rx="1" fill="currentColor" />,
  again: <path d="M13.2 8A5.2 5.2 0 1 1 11.4 4M11.7 1.2v3.1H8.6" />,
  external: <path d="M9 2.5h4.5V7M13.2 2.8 7.5 8.5M11.5 9.5v4h-9v-9h4" />,
  lines: <path d="M2 3.5h12M2 8h12M2 12.5h7" />,
  proof: (
    <>
      <path d="M8 1.2 13.8 3v4.6c0 3.4-2.4 5.9-5.8 7.2-3.4-1.3-5.8-3.8-5.8-7.2V3Z" />
      <path d="m5.4 8 1.9 1.9 3.4-3.8" />
    </>
  ),
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof DRAWINGS;

/** A decorative icon; screen readers skip it. */
export function Icon({ name, size = 15 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {DRAWINGS[name]}
    </svg>
  );
}
