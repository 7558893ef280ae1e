import { Button, Group, Modal, NativeSelect, Radio, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, organizations, Problem, queryClient, told, type Visibility } from "../api";
import { Refusal } from "../parts/Refusal";
import { uuid, VISIBILITIES } from "../words";

/** The dialog that makes a space, in that organization if nothing else is chosen. Its key is made as it opens: sending twice
 * makes one space. */
export function NewSpace({ organization, onClose }: { organization?: string | undefined; onClose: () => void }) {
  const navigate = useNavigate();
  const [key] = useState(uuid);
  const { data: known } = useQuery(organizations());
  const others = known?.data.filter((one) => !one.personal && one.role !== null && one.role !== "guest") ?? [];
  const create = useMutation({
    mutationFn: (form: FormData) =>
      told(
        api.POST("/v1/spaces", {
          headers: { "Idempotency-Key": key },
          body: {
            name: String(form.get("name")),
            description: String(form.get("description")) || null,
            visibility: form.get("visibility") as Visibility,
            organization: form.get("organization") ? String(form.get("organization")) : null,
          },
        }),
      ),
    onSuccess: (space) => {
      queryClient.invalidateQueries({ queryKey: ["spaces"] });
      navigate({ to: "/spaces/$spaceId", params: { spaceId: space.id } });
    },
  });
  const fields = create.error instanceof Problem ? create.error.fields : {};
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  };
  return (
    <Modal opened onClose={onClose} title="New space" size="lg">
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={create.error} />
          <TextInput name="name" label="Name" required maxLength={255} error={fields.name} data-autofocus />
          <Textarea name="description" label="Description" rows={2} error={fields.description} />
          {others.length > 0 && (
            <NativeSelect
              name="organization"
              label="Organization"
              defaultValue={others.some((one) => one.handle === organization) ? organization : ""}
              data={[
                { value: "", label: "None: it is my own" },
                ...others.map((one) => ({ value: one.handle, label: one.name })),
              ]}
              error={fields.organization}
            />
          )}
          <Radio.Group name="visibility" label="Who may see it" defaultValue="private" error={fields.visibility}>
            <Stack gap="xs" mt="xs">
              {VISIBILITIES.map(({ value, label, meaning }) => (
                <Radio key={value} value={value} label={label} description={meaning} />
              ))}
            </Stack>
          </Radio.Group>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Create the space
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
