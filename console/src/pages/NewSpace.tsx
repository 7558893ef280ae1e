import { Button, Group, Modal, NativeSelect, SegmentedControl, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, organizations, Problem, queryClient, told, type Visibility } from "../api";
import { importSpace, putBackground, type Wanted } from "../api/whole";
import { Refusal } from "../parts/Refusal";
import { uuid } from "../words";
import { Bag, Blank, type Errors, Seen } from "./NewSpaceFields";

/** The dialog that makes a space, in that organization if nothing else is chosen. Its key is made as it opens: sending twice
 * makes one space. */
export function NewSpace({ organization, onClose }: { organization?: string | undefined; onClose: () => void }) {
  const navigate = useNavigate();
  const [key] = useState(uuid);
  const [from, setFrom] = useState<"nothing" | "file">("nothing");
  const create = useMutation({
    mutationFn: (form: FormData) => made(form, key),
    onSuccess: (space) => {
      queryClient.invalidateQueries({ queryKey: ["spaces"] });
      navigate({ to: "/spaces/$spaceId", params: { spaceId: space.id } });
    },
  });
  const unpack = useMutation({
    mutationFn: (form: FormData) => unpacked(form, key),
    // The space appears when its job is done; until then that is what there is to see.
    onSuccess: (job) => navigate({ to: "/jobs", search: { job: job.id } }),
  });
  const doing = from === "nothing" ? create : unpack;
  const fields: Errors = doing.error instanceof Problem ? doing.error.fields : {};
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    doing.mutate(new FormData(event.currentTarget));
  };
  const whose = <Whose organization={organization} error={fields.organization} />;
  return (
    <Modal opened onClose={onClose} title="New space" size="lg">
      <form onSubmit={submit}>
        <Stack>
          <SegmentedControl
            aria-label="Made of"
            value={from}
            onChange={(value) => setFrom(value as typeof from)}
            data={[
              { value: "nothing", label: "An empty one" },
              { value: "file", label: "From an export" },
            ]}
          />
          <Refusal
            error={doing.error}
            fields={[
              "name",
              "organization",
              "visibility",
              ...(from === "nothing" ? ["description", "space_type"] : ["file"]),
            ]}
          />
          {from === "nothing" ? (
            <Blank errors={fields}>{whose}</Blank>
          ) : (
            <>
              <Bag errors={fields} />
              {whose}
            </>
          )}
          <Seen error={fields.visibility} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={doing.isPending}>
              {from === "nothing" ? "Create the space" : "Import the space"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const text = (form: FormData, name: string) => String(form.get(name) ?? "") || undefined;

async function made(form: FormData, key: string) {
  const space = await told(
    api.POST("/v1/spaces", {
      headers: { "Idempotency-Key": key },
      body: {
        name: String(form.get("name")),
        description: text(form, "description") ?? null,
        visibility: form.get("visibility") as Visibility,
        space_type: String(form.get("type")),
        organization: text(form, "organization") ?? null,
      },
    }),
  );
  const background = form.get("background");
  if (!(background instanceof File) || background.size === 0) return space;
  try {
    return await putBackground(space, background);
  } catch (error) {
    // The space is there, with its own pattern.
    const title = "The background could not be used";
    notifications.show({ color: "red", title, message: (error as Error).message, autoClose: false });
    return space;
  }
}

function unpacked(form: FormData, key: string) {
  const wanted: Wanted = {
    visibility: String(form.get("visibility")),
    members: form.get("members") ? "true" : "false",
  };
  const [name, organization] = [text(form, "name"), text(form, "organization")];
  if (name) wanted.name = name;
  if (organization) wanted.organization = organization;
  return importSpace(form.get("bag") as File, wanted, key);
}

function Whose({ organization, error }: { organization: string | undefined; error: string | undefined }) {
  const { data: known } = useQuery(organizations());
  const others = known?.data.filter((one) => !one.personal && one.role !== null && one.role !== "guest") ?? [];
  if (others.length === 0) return null;
  return (
    <NativeSelect
      name="organization"
      label="Organization"
      defaultValue={others.some((one) => one.handle === organization) ? organization : ""}
      data={[
        { value: "", label: "None: it is my own" },
        ...others.map((one) => ({ value: one.handle, label: one.name })),
      ]}
      error={error}
    />
  );
}
