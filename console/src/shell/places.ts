// Where the side navigation and the palette lead; a new page gets its line here.
import {
  IconActivity,
  IconApps,
  IconBook2,
  IconBuilding,
  IconGauge,
  IconKey,
  IconLayoutGrid,
  IconMail,
  IconProgressCheck,
  IconUserCircle,
} from "@tabler/icons-react";

export const PLACES = [
  { label: "Spaces", to: "/", icon: IconLayoutGrid, part: "work" },
  { label: "Jobs", to: "/jobs", icon: IconProgressCheck, part: "work" },
  { label: "Organizations", to: "/orgs", icon: IconBuilding, part: "work" },
  { label: "Invitations", to: "/invitations", icon: IconMail, part: "work" },
  { label: "API keys", to: "/developer/keys", icon: IconKey, part: "programs" },
  { label: "Applications", to: "/developer/apps", icon: IconApps, part: "programs" },
  { label: "Requests", to: "/developer/logs", icon: IconActivity, part: "programs" },
  { label: "Account", to: "/account", icon: IconUserCircle, part: "self" },
  { label: "Administration", to: "/admin", icon: IconGauge, part: "self" },
] as const;

/** The places of somebody: the administration is for administrators. */
export const placesOf = (person: { administrator: boolean }) =>
  PLACES.filter(({ to }) => to !== "/admin" || person.administrator);

/** Pages of the server itself, outside the console. */
export const OUTSIDE = [{ label: "API reference", href: "/docs", icon: IconBook2 }] as const;
