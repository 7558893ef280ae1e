// Roles in words: what whoever has one may do.
export type RoleWord = { value: string; label: string; meaning: string };

export const SPACE_ROLES: RoleWord[] = [
  { value: "viewer", label: "Viewer", meaning: "Looks at everything, changes nothing." },
  { value: "editor", label: "Editor", meaning: "Also adds and changes files, threads and customers." },
  { value: "admin", label: "Admin", meaning: "Also changes the space, and decides who is in it." },
];

export const ORGANIZATION_ROLES: RoleWord[] = [
  { value: "member", label: "Member", meaning: "Makes spaces in it, and sees those that are shared with it." },
  { value: "admin", label: "Admin", meaning: "Also manages its people, and every space in it." },
  { value: "owner", label: "Owner", meaning: "Also makes owners, and can delete the organization." },
];

export const label = (role: string) => role.charAt(0).toUpperCase() + role.slice(1);
