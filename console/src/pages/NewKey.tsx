import {
  Alert,
  Button,
  Checkbox,
  Group,
  Modal,
  NativeSelect,
  Radio,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, queryClient, spaces, told } from "../api";
import type { Scope } from "../api/programs";
import { Refusal } from "../parts/Refusal";
import { Secret } from "../parts/Secret";
import { complaint, lines } from "../refusals";
import { insecure, KEY } from "../snippets";

const DAY = 86_400_000;
const LIVES = [
  { value: "7", label: "In 7 days" },
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
  { value: "day", label: "On a day of your choice" },
  { value: "never", label: "Never" },
];
export const SCOPES = [
  { value: "read", label: "Read", meaning: "Look at everything that you may see." },
  { value: "write", label: "Read and write", meaning: "Also change it." },
  { value: "admin", label: "Everything", meaning: "Also manage keys and your account." },
];

/** A secret of a key and what to do with it. */
export function KeySecret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const origin = location.origin;
  return (
    <Secret
      secret={secret}
      what="key"
      env={`COURTYARD_URL=${origin}\nCOURTYARD_API_KEY=${secret}`}
      commands={`curl ${insecure(origin)}"${origin}/v1/me" -H "X-API-Key: ${KEY}"`}
      onClose={onClose}
    />
  );
}

function ends(form: FormData): string | null {
  const life = String(form.get("life"));
  if (life === "never") return null;
  if (life === "day") return new Date(`${form.get("day")}T23:59:59`).toISOString();
  return new Date(Date.now() + Number(life) * DAY).toISOString();
}

/** Asks what a key is for, makes it, and shows its secret; with an organization a service key of it. */
export function NewKey({ organization, onClose }: { organization?: string; onClose: () => void }) {
  const [life, setLife] = useState("90");
  const [limited, setLimited] = useState(false);
  const create = useMutation({
    mutationFn: (form: FormData) =>
      told(
        api.POST("/v1/keys", {
          body: {
            name: String(form.get("name")),
            organization: organization ?? null,
            scopes: [String(form.get("scope")) as Scope],
            expires_at: ends(form),
            spaces: limited ? form.getAll("spaces").map(String) : null,
            networks: lines(form.get("networks")).length ? lines(form.get("networks")) : null,
          },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["keys"] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  };
  const made = create.data;
  return (
    <Modal
      opened
      onClose={onClose}
      title={made ? `${made.name} is made` : organization ? "New service key" : "New key"}
      size="lg"
      closeOnClickOutside={!made}
      closeOnEscape={!made}
    >
      {made ? (
        <KeySecret secret={made.key} onClose={onClose} />
      ) : (
        <form onSubmit={submit}>
          <Stack>
            <Refusal error={create.error} fields={["name", "expires_at", "scopes", "spaces", "networks"]} />
            <TextInput
              name="name"
              label="Name"
              description="What will use it, such as “Nightly import”."
              required
              maxLength={255}
              error={complaint(create.error, "name")}
              data-autofocus
            />
            <NativeSelect
              name="life"
              label="Expires"
              data={LIVES}
              value={life}
              onChange={(event) => setLife(event.currentTarget.value)}
              error={complaint(create.error, "expires_at")}
            />
            {life === "day" && <TextInput type="date" name="day" label="Last day" required />}
            {life === "never" && (
              <Alert color="yellow" className="hint">
                If it leaks, it works until somebody notices. Prefer a date; rotating a key takes a moment.
              </Alert>
            )}
            <Radio.Group
              name="scope"
              label="What it may do"
              defaultValue="read"
              error={complaint(create.error, "scopes")}
            >
              <Stack gap="xs" mt="xs">
                {SCOPES.filter(({ value }) => !organization || value !== "admin").map(({ value, label, meaning }) => (
                  <Radio key={value} value={value} label={label} description={meaning} />
                ))}
              </Stack>
            </Radio.Group>
            <Checkbox
              label="Limit it to certain spaces"
              checked={limited}
              onChange={(event) => setLimited(event.currentTarget.checked)}
              error={limited ? undefined : complaint(create.error, "spaces")}
            />
            {limited && <Chosen organization={organization} error={complaint(create.error, "spaces")} />}
            <Textarea
              name="networks"
              label="Only from these networks"
              description="One on each line, such as 192.0.2.0/24. Leave it empty for anywhere."
              autosize
              minRows={2}
              maxRows={5}
              error={complaint(create.error, "networks")}
            />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={create.isPending}>
                Create the key
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function Chosen({ organization, error }: { organization?: string; error?: string }) {
  const query = useInfiniteQuery(spaces("mine", "", organization));
  const found = query.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <fieldset className="choice">
      <legend>Spaces it may touch</legend>
      {query.isPending && <Text c="dimmed">Loading your spaces…</Text>}
      {query.isError && <Text c="var(--cy-alarm)">Your spaces could not be loaded.</Text>}
      {found.map((space) => (
        <Checkbox key={space.id} name="spaces" value={space.id} label={space.name} />
      ))}
      {query.hasNextPage && (
        <Button variant="subtle" size="compact-md" onClick={() => query.fetchNextPage()}>
          Load more spaces
        </Button>
      )}
      {error && <Text c="var(--cy-alarm)">{error}</Text>}
    </fieldset>
  );
}
