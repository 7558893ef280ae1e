import { ActionIcon, Indicator, Menu } from "@mantine/core";
import { IconAlertTriangle, IconBell, IconMail } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { jobs } from "../api/contents";
import { leads, placeName, received } from "../api/news";
import { Moment } from "../parts/Moment";
import { KINDS } from "../words";

const KEPT = "courtyard-seen";
const SHOWN = 5;
/** Whoever never looked is told of the last two weeks. */
const BEGINNING = 14 * 86_400_000;

/** Where one was invited to and what failed, and how much of it is new since one looked. */
export function Bell() {
  const [seen, setSeen] = useState(() => lookedAt());
  const invited = useInfiniteQuery(received()).data?.pages[0]?.data ?? [];
  const failed = useInfiniteQuery(jobs(undefined, { status: "failed" })).data?.pages[0]?.data ?? [];
  const fresh = [...invited.map((one) => one.created_at), ...failed.map((one) => one.completed_at ?? one.created_at)];
  const count = fresh.filter((at) => Date.parse(at) > seen).length;
  return (
    <Menu width={330} onClose={() => setSeen(look())}>
      <Indicator disabled={count === 0} label={count > 9 ? "9+" : count} size={17} offset={4} inline>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={38} aria-label={count ? `News: ${count} new` : "News"}>
            <IconBell size={20} stroke={1.8} aria-hidden />
          </ActionIcon>
        </Menu.Target>
      </Indicator>
      <Menu.Dropdown className="news">
        <Menu.Label>Invitations</Menu.Label>
        {invited.slice(0, SHOWN).map((one) => (
          <Menu.Item
            key={one.id}
            component={Link}
            to={leads(one) as "/"}
            leftSection={<IconMail size={17} aria-hidden />}
          >
            {one.by?.username ?? "Somebody"} made you {one.role} of <strong>{placeName(one)}</strong>
            <small>
              <Moment at={one.created_at} />
            </small>
          </Menu.Item>
        ))}
        <Menu.Item component={Link} to="/invitations">
          {invited.length ? "All invitations" : "Nobody has invited you yet"}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Failed jobs</Menu.Label>
        {failed.slice(0, SHOWN).map((job) => (
          <Menu.Item
            key={job.id}
            component={Link}
            to="/jobs"
            search={{ status: "failed", job: job.id } as never}
            leftSection={<IconAlertTriangle size={17} aria-hidden />}
          >
            {KINDS[job.kind] ?? job.kind}
            <small>
              <Moment at={job.completed_at ?? job.created_at} />
            </small>
          </Menu.Item>
        ))}
        <Menu.Item component={Link} to="/jobs" search={{ status: "failed" } as never}>
          {failed.length ? "All failed jobs" : "Nothing failed"}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function lookedAt(): number {
  try {
    return Number(localStorage.getItem(KEPT)) || Date.now() - BEGINNING;
  } catch {
    return Date.now() - BEGINNING;
  }
}

/** Notes that one looked just now. */
function look(): number {
  const now = Date.now();
  try {
    localStorage.setItem(KEPT, String(now));
  } catch {
    // A browser that keeps nothing for us tells it again the next time.
  }
  return now;
}
