// Where the side navigation and the palette lead; a new page gets its line here.
import { IconBook2, IconBuilding, IconLayoutGrid, IconUserCircle } from "@tabler/icons-react";

export const PLACES = [
  { label: "Spaces", to: "/", icon: IconLayoutGrid },
  { label: "Organizations", to: "/orgs", icon: IconBuilding },
] as const;

/** Pages of the server itself, outside the console. */
export const OUTSIDE = [
  { label: "Account", href: "/account", icon: IconUserCircle },
  { label: "API reference", href: "/docs", icon: IconBook2 },
] as const;
