import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { uiConfigQuery } from "../api/queries.ts";
import { live } from "../live/connection.ts";
import type { StreamState } from "../live/ledger-stream.ts";
import { SignIn, signedOut } from "../session/sign-in-page.tsx";
import { useAsOf } from "../state/as-of.ts";
import { type Theme, theme, zone } from "../state/preferences.ts";
import { useStore } from "../state/store.ts";
import { addressOf } from "../state/urls.ts";
import { Icon, type IconName } from "../ui/icons.tsx";
import "./app-shell.css";

const PAGES = [
  { to: "/", label: "Home" },
  { to: "/builders", label: "Builders" },
  { to: "/queue", label: "Queue" },
  { to: "/changes", label: "Changes" },
  { to: "/workers", label: "Workers" },
] as const;

export function Shell() {
  const isSignedOut = useStore(signedOut);
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the page
      </button>
      <header className="bar">
        <div className="bar-in">
          <Link to="/" className="brand">
            <Mark />
            Build Ledger
          </Link>
          <nav className="nav" aria-label="Pages">
            {PAGES.map(({ to, label }) => (
              <Link key={to} to={to} activeOptions={{ exact: to === "/", includeSearch: false }}>
                {label}
              </Link>
            ))}
          </nav>
          <div className="bar-tools">
            <ZoneToggle />
            <ThemeToggle />
          </div>
        </div>
      </header>
      <Past />
      <main className="main" id="main" tabIndex={-1}>
        {isSignedOut ? <SignIn /> : <Outlet />}
      </main>
      <Foot />
    </div>
  );
}

function Mark() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <rect width="20" height="20" rx="4.5" fill="currentColor" />
      <path d="M5 6h10M5 10h10M5 14h5.5" stroke="var(--surface)" strokeWidth="1.9" strokeLinecap="round" />
    </svg>
  );
}

function ZoneToggle() {
  const chosen = useStore(zone);
  const isUtc = chosen === "utc";
  return (
    <button
      type="button"
      className="button quiet small"
      aria-pressed={isUtc}
      title={isUtc ? "Times are in UTC; show them in your zone" : "Times are in your zone; show them in UTC"}
      onClick={() => zone.set(isUtc ? "local" : "utc")}
    >
      <Icon name="clock" />
      UTC
    </button>
  );
}

const THEMES: Record<Theme, { icon: IconName; label: string; next: Theme }> = {
  system: { icon: "system", label: "Theme: as the system has it", next: "light" },
  light: { icon: "sun", label: "Theme: light", next: "dark" },
  dark: { icon: "moon", label: "Theme: dark", next: "system" },
};

function ThemeToggle() {
  const { icon, label, next } = THEMES[useStore(theme)];
  return (
    <button
      type="button"
      className="button quiet small icon-only"
      title={label}
      aria-label={label}
      onClick={() => theme.set(next)}
    >
      <Icon name={icon} />
    </button>
  );
}

function Past() {
  const asOf = useAsOf();
  const navigate = useNavigate();
  if (asOf === undefined) return null;
  return (
    <div className="past" role="status">
      <span>
        <Icon name="clock" /> Viewing the past, as of{" "}
        <strong>{/^\d+$/.test(asOf) ? `position ${Number(asOf).toLocaleString("en")}` : asOf}</strong>.
        Nothing can be changed from here.
      </span>
      <button
        type="button"
        className="button small"
        onClick={() =>
          void navigate({
            to: ".",
            search: (before: object) => ({ ...before, as_of: undefined }),
            hash: true,
          })
        }
      >
        Back to the present
      </button>
    </div>
  );
}

const STATES: Record<StreamState, string> = {
  connecting: "Connecting…",
  live: "Live",
  waiting: "Connection lost, trying again",
  stopped: "Not live",
};

function Foot() {
  const asOf = useAsOf();
  const { state, position } = useStore(live);
  const version = useQuery({ ...uiConfigQuery, enabled: false }).data?.version;
  return (
    <footer className="foot">
      <div className="foot-in">
        {asOf === undefined ? (
          <span className={`connection is-${state}`} role="status">
            <span className="dot" aria-hidden="true" />
            {STATES[state]}
          </span>
        ) : (
          <span className="connection">The past stands still</span>
        )}
        {version && (
          <a
            className="foot-version"
            href={addressOf("third-party-licences.md")}
            title="Licences of what it is made of"
          >
            Build Ledger {version}
          </a>
        )}
        {asOf === undefined && position > 0 && (
          <span title="The last fact of the ledger that this page knows">
            ledger position <span data-testid="position">{position.toLocaleString("en")}</span>
          </span>
        )}
      </div>
    </footer>
  );
}
