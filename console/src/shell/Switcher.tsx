import { Popover, TextInput, UnstyledButton } from "@mantine/core";
import { IconBuilding, IconCheck, IconChevronDown } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { organizations } from "../api";

/** From so many on one types rather than looks. */
const MANY = 7;
const KEPT = "courtyard-organization";
/** Whoever opens the console comes back to the organization they chose last; who is in it already goes where they go. */
let arriving = true;

/** Whose spaces one sees: a popover of links, for the choice stands in the address. In a drawer it stays within, with the focus. */
export function Switcher({ drawer = false }: { drawer?: boolean }) {
  const [opened, setOpened] = useState(false);
  const [typed, setTyped] = useState("");
  const { data } = useQuery(organizations());
  const { org: chosen, at } = useRouterState({
    select: ({ location: { pathname, search, searchStr } }) => ({ org: search.org, at: pathname + searchStr }),
    structuralSharing: true,
  });
  const navigate = useNavigate();
  const known = data?.data ?? [];
  useEffect(() => {
    if (!data || !arriving) return;
    arriving = false;
    const org = localStorage.getItem(KEPT);
    if (at === "/" && org && data.data.some(({ handle }) => handle === org))
      navigate({ to: "/", search: { org }, replace: true });
  }, [data, at, navigate]);
  if (known.length < 2) return <span className="switch" />;
  const name = known.find((one) => one.handle === chosen)?.name ?? "All organizations";
  const shown = known.filter((one) => one.name.toLowerCase().includes(typed.trim().toLowerCase()));
  const close = () => {
    setOpened(false);
    setTyped("");
  };
  return (
    <Popover
      opened={opened}
      onChange={(open) => (open ? setOpened(true) : close())}
      width={drawer ? 246 : 280}
      position="bottom-start"
      trapFocus
      withinPortal={!drawer}
      returnFocus
    >
      <Popover.Target>
        <UnstyledButton className="switch" onClick={() => (opened ? close() : setOpened(true))}>
          <IconBuilding size={18} aria-hidden />
          <span className="unseen">Organization: </span>
          <span className="named">{name}</span>
          <IconChevronDown size={16} aria-hidden />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className="switching" aria-label="Organizations">
        {known.length >= MANY && (
          <TextInput
            type="search"
            aria-label="Find an organization"
            placeholder="Find an organization"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            data-autofocus
          />
        )}
        <ul>
          <Choice org={undefined} chosen={chosen} onChoose={close}>
            All organizations
          </Choice>
          {shown.map((one) => (
            <Choice key={one.id} org={one.handle} chosen={chosen} onChoose={close}>
              {one.personal ? `${one.name} (personal)` : one.name}
            </Choice>
          ))}
        </ul>
        {shown.length === 0 && <p>None is called like that.</p>}
        <Link to="/orgs" onClick={close} className="manage">
          Manage organizations
        </Link>
      </Popover.Dropdown>
    </Popover>
  );
}

type Chosen = { org: string | undefined; chosen: string | undefined; onChoose: () => void; children: string };

function Choice({ org, chosen, onChoose, children }: Chosen) {
  const choose = () => {
    localStorage.setItem(KEPT, org ?? "");
    onChoose();
  };
  return (
    <li>
      <Link to="/" search={{ org }} onClick={choose} aria-current={org === chosen ? "true" : undefined}>
        <span className="named">{children}</span>
        {org === chosen && <IconCheck size={17} aria-hidden />}
      </Link>
    </li>
  );
}
