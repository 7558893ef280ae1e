import { AppShell, Burger, Drawer, UnstyledButton } from "@mantine/core";
import { useDisclosure, useNetwork } from "@mantine/hooks";
import { spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { Fragment, lazy, Suspense } from "react";
import { useWaiting } from "../confirming";
import { useLost } from "../live";
import { AccountMenu } from "./AccountMenu";
import { Palette } from "./Palette";
import { OUTSIDE, PLACES } from "./places";
import { Tray } from "./Tray";

/** Loaded when it is asked for. */
const Confirm = lazy(() => import("../parts/Confirm").then((all) => ({ default: all.Confirm })));
const COMMAND = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘ K" : "Ctrl K";

/** The frame of every page. */
export function Shell() {
  const [drawer, { open, close }] = useDisclosure(false);
  const online = useNetwork().online;
  const lost = useLost();
  const asked = useWaiting();
  const busy = useRouterState({ select: (state) => state.isLoading });
  return (
    <AppShell
      header={{ height: 60 }}
      navbar={{ width: 224, breakpoint: "sm", collapsed: { mobile: true } }}
      padding={0}
    >
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <AppShell.Header className="bar">
        <Burger hiddenFrom="sm" size="sm" opened={drawer} onClick={open} aria-label="Open the navigation" />
        <Link to="/" className="brand" aria-label="Courtyard, all spaces">
          <Mark />
          <span className="mantine-visible-from-xs">Courtyard</span>
        </Link>
        <UnstyledButton className="search" onClick={spotlight.open}>
          <IconSearch size={17} aria-hidden />
          <span>Search or jump to…</span>
          <kbd aria-hidden>{COMMAND}</kbd>
        </UnstyledButton>
        <div className="end">
          <Tray />
          <AccountMenu />
        </div>
        {busy && <div className="progress" aria-hidden />}
      </AppShell.Header>
      <AppShell.Navbar className="side">
        <Places onGo={close} />
      </AppShell.Navbar>
      <Drawer opened={drawer} onClose={close} size={280} title="Courtyard" hiddenFrom="sm" padding="md">
        <Places onGo={close} />
      </Drawer>
      <AppShell.Main id="main" tabIndex={-1}>
        {!online && (
          <p className="banner" role="status">
            You are offline. What you see may be old; it is loaded anew as soon as the connection is back.
          </p>
        )}
        {online && lost && (
          <p className="banner" role="status">
            The connection to the server was lost. Connecting again…
          </p>
        )}
        <div className="page">
          <Outlet />
        </div>
      </AppShell.Main>
      <Palette />
      {asked && (
        <Suspense>
          <Confirm />
        </Suspense>
      )}
    </AppShell>
  );
}

function Places({ onGo }: { onGo: () => void }) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <nav aria-label="Main" className="places">
      {PLACES.map(({ label, to, icon: Icon, part }, at) => (
        <Fragment key={to}>
          {at > 0 && part !== PLACES[at - 1]?.part && <hr />}
          <Link to={to} onClick={onGo} aria-current={isIn(path, to) ? "page" : undefined}>
            <Icon size={19} stroke={1.7} aria-hidden />
            {label}
          </Link>
        </Fragment>
      ))}
      <hr />
      {OUTSIDE.map(({ label, href, icon: Icon }) => (
        <a key={href} href={href}>
          <Icon size={19} stroke={1.7} aria-hidden />
          {label}
        </a>
      ))}
    </nav>
  );
}

/** Whether a page belongs to a place; those of one space belong to the spaces. */
const isIn = (path: string, place: string) =>
  place === "/" ? path === "/" || path.startsWith("/spaces/") : path === place || path.startsWith(`${place}/`);

function Mark() {
  return (
    <svg viewBox="0 0 24 24" width="27" height="27" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden>
      <rect x="2" y="2" width="20" height="20" rx="3.5" />
      <path d="M7 22v-8a5 5 0 0 1 10 0v8" />
    </svg>
  );
}
