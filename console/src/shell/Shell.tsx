import { AppShell, Burger, Drawer, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { Fragment, lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { me } from "../api";
import { useWaiting } from "../confirming";
import { Boundary } from "../parts/Boundary";
import { hear } from "../shortcuts";
import { AccountMenu } from "./AccountMenu";
import { Arrival } from "./Arrival";
import { Bars } from "./Bars";
import { listen } from "./early";
import { OUTSIDE, placesOf } from "./places";
import { Tray } from "./Tray";

/** Loaded when they are asked for. */
const Palette = lazy(() => import("./Palette").then((all) => ({ default: all.Palette })));
const Switcher = lazy(() => import("./Switcher").then((all) => ({ default: all.Switcher })));
const Bell = lazy(() => import("./Bell").then((all) => ({ default: all.Bell })));
const Shortcuts = lazy(() => import("./Shortcuts").then((all) => ({ default: all.Shortcuts })));
const Confirm = lazy(() => import("../parts/Confirm").then((all) => ({ default: all.Confirm })));
const COMMAND = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘ K" : "Ctrl K";

/** The frame of every page. */
export function Shell() {
  const [drawer, { open, close }] = useDisclosure(false);
  const asked = useWaiting();
  const [searches, setSearches] = useState(0);
  const [help, setHelp] = useState(false);
  const search = () => {
    listen();
    setSearches((times) => times + 1);
  };
  useKeys(search, () => setHelp(true));
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
        <Piece fallback={<span className="switch" />}>
          <Switcher />
        </Piece>
        <UnstyledButton className="search" onClick={search}>
          <IconSearch size={17} aria-hidden />
          <span>Search or jump to…</span>
          <kbd aria-hidden>{COMMAND}</kbd>
        </UnstyledButton>
        <div className="end">
          <Piece fallback={<span className="coming" />}>
            <Bell />
          </Piece>
          <Tray />
          <AccountMenu />
        </div>
        {busy && <div className="progress" aria-hidden />}
      </AppShell.Header>
      <AppShell.Navbar className="side">
        <Places onGo={close} />
      </AppShell.Navbar>
      <Drawer
        opened={drawer}
        onClose={close}
        size={280}
        title="Courtyard"
        hiddenFrom="sm"
        padding="md"
        returnFocus={false}
      >
        <Piece>
          <Switcher drawer />
        </Piece>
        <Places onGo={close} />
      </Drawer>
      <AppShell.Main id="main" tabIndex={-1}>
        <Bars />
        <Arrival />
        <div className="page">
          <Outlet />
        </div>
      </AppShell.Main>
      <Piece>
        {searches > 0 && <Palette asked={searches} />}
        {help && <Shortcuts onClose={() => setHelp(false)} />}
        {asked && <Confirm />}
      </Piece>
    </AppShell>
  );
}

/** A part that is loaded when it is needed. Where it cannot be, the rest goes on without it, and a bar says why. */
function Piece({ fallback, children }: { fallback?: ReactNode; children: ReactNode }) {
  return (
    <Boundary>
      <Suspense fallback={fallback}>{children}</Suspense>
    </Boundary>
  );
}

/** Listens for the keys that do something on every page. */
function useKeys(search: () => void, help: () => void): void {
  const navigate = useNavigate();
  const { toggleColorScheme } = useMantineColorScheme();
  const { administrator } = useSuspenseQuery(me()).data;
  useEffect(() => {
    const to = { s: "/", j: "/jobs", k: "/developer/keys", a: administrator ? "/admin" : "/account" } as const;
    const go = (key: keyof typeof to) => void navigate({ to: to[key] });
    const listener = (event: KeyboardEvent) => hear(event, { search, help, go, colours: toggleColorScheme });
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  });
}

function Places({ onGo }: { onGo: () => void }) {
  const { data: person } = useSuspenseQuery(me());
  const places = placesOf(person);
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <nav aria-label="Main" className="places">
      {places.map(({ label, to, icon: Icon, part }, at) => (
        <Fragment key={to}>
          {at > 0 && part !== places[at - 1]?.part && <hr />}
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
