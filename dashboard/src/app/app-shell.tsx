import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { uiConfigQuery } from "../api/queries.ts";
import { connectionStatus } from "../live/connection.ts";
import type { StreamState } from "../live/ledger-stream.ts";
import { signedOut } from "../session/session.ts";
import { SignInPage } from "../session/sign-in-page.tsx";
import { isPosition, useAsOf } from "../state/as-of.ts";
import { installationTitle } from "../state/installation-title.ts";
import { type Theme, theme, timeZone } from "../state/preferences.ts";
import { useStore } from "../state/store.ts";
import { urlOf } from "../state/urls.ts";
import { AsOfClock } from "../time/as-of-clock.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import "./app-shell.css";

const NAV_LINKS = [
  { to: "/", label: "Home" },
  { to: "/builders", label: "Builders" },
  { to: "/queue", label: "Queue" },
  { to: "/changes", label: "Changes" },
  { to: "/workers", label: "Workers" },
  { to: "/configuration", label: "Configuration" },
] as const;

/** The frame around every page: header, banner for the past, main part, footer. */
export function AppShell() {
  const isSignedOut = useStore(signedOut);
  return (
    <div className="shell">
      <button type="button" className="skip-link" onClick={() => document.getElementById("main")?.focus()}>
        Skip to content
      </button>
      <header className="header">
        <div className="header-inner">
          <Link to="/" className="brand">
            <Logo />
            <span className="clip">{installationTitle}</span>
          </Link>
          <nav className="nav" aria-label="Pages">
            {NAV_LINKS.map(({ to, label }) => (
              <Link key={to} to={to} activeOptions={{ exact: to === "/", includeSearch: false }}>
                {label}
              </Link>
            ))}
          </nav>
          <div className="header-tools">
            <TimeZoneToggle />
            <ThemeToggle />
          </div>
        </div>
      </header>
      <PastBanner />
      <main className="main" id="main" tabIndex={-1}>
        {isSignedOut ? (
          <SignInPage />
        ) : (
          <AsOfClock>
            <Outlet />
          </AsOfClock>
        )}
      </main>
      <Footer />
    </div>
  );
}

function Logo() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <rect width="20" height="20" rx="4.5" fill="currentColor" />
      <path d="M5 6h10M5 10h10M5 14h5.5" stroke="var(--surface)" strokeWidth="1.9" strokeLinecap="round" />
    </svg>
  );
}

function TimeZoneToggle() {
  const chosen = useStore(timeZone);
  const isUtc = chosen === "utc";
  return (
    <button
      type="button"
      className="button quiet small"
      aria-pressed={isUtc}
      title={isUtc ? "Times are in UTC; show local times" : "Times are local; show them in UTC"}
      onClick={() => timeZone.set(isUtc ? "local" : "utc")}
    >
      <Icon name="clock" />
      UTC
    </button>
  );
}

const THEMES: Record<Theme, { icon: IconName; label: string; next: Theme }> = {
  system: { icon: "system", label: "Theme: system", next: "light" },
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

function PastBanner() {
  const asOf = useAsOf();
  const navigate = useNavigate();
  // A log has no positions: it only grows, and is shown whole.
  const isLog = useLocation({ select: ({ pathname }) => /\/logs\/[^/]+$/.test(pathname) });
  if (asOf === undefined) return null;
  return (
    <div className="past-banner" role="status">
      <span>
        <Icon name="clock" /> Viewing the past, as of{" "}
        <strong>{isPosition(asOf) ? `position ${Number(asOf).toLocaleString("en")}` : asOf}</strong>.{" "}
        {isLog ? "A log is shown as it is at present." : "Actions are disabled."}
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

const CONNECTION_LABELS: Record<StreamState, string> = {
  connecting: "Connecting…",
  live: "Live",
  retrying: "Connection lost, reconnecting…",
  stopped: "Not live",
};

function Footer() {
  const asOf = useAsOf();
  const { state, position } = useStore(connectionStatus);
  const version = useQuery({ ...uiConfigQuery, enabled: false }).data?.version;
  return (
    <footer className="footer">
      <div className="footer-inner">
        {asOf === undefined ? (
          <span className={`connection is-${state}`} role="status">
            <span className="dot" aria-hidden="true" />
            {CONNECTION_LABELS[state]}
          </span>
        ) : (
          <span className="connection">Not live</span>
        )}
        {version && (
          <a className="footer-version" href={urlOf("third-party-licences.md")} title="Third-party licences">
            Build Ledger {version}
          </a>
        )}
        {asOf === undefined && position > 0 && (
          <span title="The newest ledger position this page has received">
            ledger position <span data-testid="position">{position.toLocaleString("en")}</span>
          </span>
        )}
      </div>
    </footer>
  );
}
