import { Button, Group, NativeSelect, Skeleton, Stack, Table, Text, Textarea, Title } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Problem, queryClient } from "../api";
import { type Invitation, installation, invitations, invite, members, type Place, resend, revoke } from "../api/people";
import { label, type RoleWord } from "../roles";
import { Failure } from "./Failure";
import { Moment } from "./Moment";
import { More } from "./More";
import { Sure } from "./Sure";

const PAUSE = 60_000;

/** The addresses in what was typed or pasted: separated by commas, semicolons, blanks or lines, each once. */
export const addresses = (typed: string) => [...new Set(typed.split(/[\s,;]+/).filter(Boolean))];

function renew(place: Place): void {
  queryClient.invalidateQueries({ queryKey: members(place).queryKey });
  queryClient.invalidateQueries({ queryKey: invitations(place).queryKey });
}

/** Adds people by their addresses. Whom it refuses stays in the field, with the reason below it. */
export function Invite({ place, roles }: { place: Place; roles: RoleWord[] }) {
  const [typed, setTyped] = useState("");
  const [role, setRole] = useState(roles[0]?.value ?? "");
  const { data: about } = useQuery(installation());
  const inviting = useMutation({
    mutationFn: async (emails: string[]) => {
      const refused: { email: string; reason: string }[] = [];
      for (const email of emails) {
        try {
          await invite(place, email, role);
        } catch (error) {
          refused.push({ email, reason: reason(error as Error) });
        }
      }
      return { done: emails.length - refused.length, refused };
    },
    onSuccess: ({ done, refused }) => {
      setTyped(refused.map((one) => one.email).join(", "));
      renew(place);
      if (done > 0)
        notifications.show({
          title: done === 1 ? "One person was added" : `${done} people were added`,
          message: `As ${role} of ${place.name}.`,
          autoClose: 6_000,
        });
    },
  });
  const refused = inviting.data?.refused ?? [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    inviting.mutate(addresses(typed));
  };
  return (
    <section className="panel" aria-labelledby="invite">
      <Title order={2} id="invite">
        Invite people
      </Title>
      <form onSubmit={submit}>
        <Stack>
          {about && !about.mail && (
            <Text size="sm" className="hint" role="note">
              This server sends no mail: letters become files in the folder <code>mail</code> of its data directory.
              Whoever runs it can pass the links on.
            </Text>
          )}
          <Textarea
            label="E-mail addresses"
            description="One or several, separated by commas or lines"
            minRows={2}
            autosize
            required
            value={typed}
            onChange={(event) => {
              setTyped(event.currentTarget.value);
              inviting.reset();
            }}
            error={
              refused.length > 0 &&
              refused.map(({ email, reason: why }) => (
                <span key={email} className="line">
                  {email}: {why}
                </span>
              ))
            }
          />
          <NativeSelect
            label="Role"
            description={roles.find((one) => one.value === role)?.meaning}
            data={roles.map(({ value, label: word }) => ({ value, label: word }))}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value)}
          />
          <Group>
            <Button type="submit" loading={inviting.isPending}>
              Invite
            </Button>
          </Group>
        </Stack>
      </form>
    </section>
  );
}

function reason(error: Error): string {
  if (!(error instanceof Problem)) return "Courtyard cannot be reached.";
  return error.fields.email ?? Object.values(error.fields)[0] ?? error.message;
}

/** Invitations that nobody has followed yet. */
export function Pending({ place }: { place: Place }) {
  const query = useInfiniteQuery(invitations(place));
  const [ending, setEnding] = useState<Invitation>();
  if (query.isPending) return <Skeleton height={58} />;
  if (query.isError) return <Failure error={query.error} />;
  const open = query.data.pages.flatMap((page) => page.data);
  if (open.length === 0) return <Text c="dimmed">Nobody is waited for. Who has an account is a member at once.</Text>;
  return (
    <>
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Address</Table.Th>
            <Table.Th>Role</Table.Th>
            <Table.Th>Sent</Table.Th>
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {open.map((invitation) => (
            <Table.Tr key={invitation.id}>
              <Table.Th scope="row" className="name">
                {invitation.email}
              </Table.Th>
              <Table.Td data-label="Role">{label(invitation.role)}</Table.Td>
              <Table.Td data-label="Sent">
                <Moment at={invitation.sent_at} />
                {Date.parse(invitation.expires_at) < Date.now() && (
                  <Text size="xs" c="var(--cy-alarm)">
                    Its link has expired; send it again.
                  </Text>
                )}
              </Table.Td>
              <Table.Td className="does wide">
                <Again place={place} invitation={invitation} />
                <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setEnding(invitation)}>
                  Revoke<span className="unseen"> the invitation of {invitation.email}</span>
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More shown={open.length} what={open.length === 1 ? "invitation" : "invitations"} query={query} />
      {ending && (
        <Sure
          title={`Revoke the invitation of ${ending.email}?`}
          action="Revoke"
          run={async () => {
            await revoke(place, ending);
            renew(place);
          }}
          onClose={() => setEnding(undefined)}
        >
          <Text>Its link stops working. You can invite the same address again.</Text>
        </Sure>
      )}
    </>
  );
}

/** Sends it once more; a minute must lie between two mails. */
function Again({ place, invitation }: { place: Place; invitation: Invitation }) {
  const [now, setNow] = useState(Date.now);
  useInterval(() => setNow(Date.now()), 5_000, { autoInvoke: true });
  const early = now - Date.parse(invitation.sent_at) < PAUSE;
  const again = useMutation({
    mutationFn: () => resend(place, invitation),
    onSuccess: () => {
      setNow(Date.now());
      renew(place);
      notifications.show({
        title: "Sent again",
        message: `The older link to ${invitation.email} does not work any more.`,
        autoClose: 6_000,
      });
    },
    onError: (error) =>
      notifications.show({ color: "red", autoClose: false, title: "It was not sent", message: error.message }),
  });
  if (early)
    return (
      <Text size="sm" c="dimmed" component="span" className="wait">
        Resend in a minute
      </Text>
    );
  return (
    <Button variant="subtle" size="compact-sm" loading={again.isPending} onClick={() => again.mutate()}>
      Resend<span className="unseen"> the invitation of {invitation.email}</span>
    </Button>
  );
}
