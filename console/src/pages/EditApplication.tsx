import { Button, Checkbox, Group, Modal, Radio, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { api, queryClient, told } from "../api";
import type { Application, ApplicationScope } from "../api/programs";
import { Refusal } from "../parts/Refusal";
import { Secret } from "../parts/Secret";
import { complaint, lines } from "../refusals";

type Made = Application & { client_secret?: string | null };
const SCOPES = [
  { value: "openid", label: "openid: who somebody is" },
  { value: "profile", label: "profile: their name" },
  { value: "email", label: "email: their address" },
  { value: "read", label: "read: look at what they may see" },
  { value: "write", label: "write: also change it" },
  { value: "admin", label: "admin: also manage their keys and account" },
];

const renew = () => queryClient.invalidateQueries({ queryKey: ["applications"] });

/** Registers an application, or changes one. A new one that is confidential shows its secret. */
export function EditApplication({ of, onClose }: { of?: Application; onClose: () => void }) {
  const save = useMutation({
    mutationFn: (form: FormData): Promise<Made> => {
      const body = {
        name: String(form.get("name")),
        redirect_uris: lines(form.get("redirect_uris")),
        scopes: form.getAll("scopes").map(String) as ApplicationScope[],
        logo_url: String(form.get("logo_url")).trim() || null,
      };
      if (of === undefined)
        return told(api.POST("/v1/applications", { body: { ...body, public: form.get("kind") === "public" } }));
      const path = { application_id: of.id };
      return told(api.PATCH("/v1/applications/{application_id}", { params: { path }, body }));
    },
    onSuccess: (made) => {
      renew();
      if (!made.client_secret) onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate(new FormData(event.currentTarget));
  };
  const secret = save.data?.client_secret;
  if (save.data && secret)
    return (
      <Modal opened onClose={onClose} size="lg" title={`${save.data.name} is registered`} closeOnClickOutside={false}>
        <ClientSecret id={save.data.client_id} secret={secret} onClose={onClose} />
      </Modal>
    );
  return (
    <Modal opened onClose={onClose} title={of ? `Change ${of.name}` : "New application"} size="lg">
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={save.error} fields={["name", "redirect_uris", "scopes", "logo_url"]} />
          <TextInput
            name="name"
            label="Name"
            description="People see it when they are asked."
            required
            maxLength={100}
            defaultValue={of?.name}
            error={complaint(save.error, "name")}
            data-autofocus
          />
          <Textarea
            name="redirect_uris"
            label="Redirect URIs"
            description="Where people come back to, one on each line. What the application sends must be exactly one of them."
            autosize
            minRows={2}
            defaultValue={of?.redirect_uris.join("\n")}
            error={complaint(save.error, "redirect_uris")}
          />
          {of === undefined && (
            <Radio.Group name="kind" label="Where it runs" defaultValue="confidential">
              <Stack gap="xs" mt="xs">
                <Radio value="confidential" label="On a server" description="It can keep a secret." />
                <Radio
                  value="public"
                  label="On people's devices"
                  description="In a browser, on a phone, in a shell: no secret; PKCE proves that it is the same one."
                />
              </Stack>
            </Radio.Group>
          )}
          <fieldset className="choice">
            <legend>The most it may ask for</legend>
            {SCOPES.map(({ value, label }) => (
              <Checkbox
                key={value}
                name="scopes"
                value={value}
                label={label}
                defaultChecked={(of?.scopes ?? ["openid", "profile", "email", "read"]).some((scope) => scope === value)}
              />
            ))}
            {complaint(save.error, "scopes") && <Text c="var(--cy-alarm)">{complaint(save.error, "scopes")}</Text>}
          </fieldset>
          <TextInput
            name="logo_url"
            label="Logo"
            description="The https address of a picture, for programs that ask. Courtyard keeps it and shows no pictures from elsewhere."
            defaultValue={of?.logo_url ?? ""}
            error={complaint(save.error, "logo_url")}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              {of ? "Save" : "Register"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function ClientSecret({ id, secret, onClose }: { id: string; secret: string; onClose: () => void }) {
  return (
    <Secret
      secret={secret}
      what="client secret"
      env={`OAUTH_ISSUER=${location.origin}\nOAUTH_CLIENT_ID=${id}\nOAUTH_CLIENT_SECRET=${secret}`}
      onClose={onClose}
    />
  );
}

/** Another secret for an application; the old one ends. */
export function RenewSecret({ of, onClose }: { of: Application; onClose: () => void }) {
  const renewal = useMutation({
    mutationFn: () =>
      told(api.POST("/v1/applications/{application_id}/secret", { params: { path: { application_id: of.id } } })),
    onSuccess: renew,
  });
  const secret = renewal.data?.client_secret;
  return (
    <Modal opened onClose={onClose} size="lg" title={`New secret for ${of.name}`} closeOnClickOutside={!secret}>
      {secret ? (
        <ClientSecret id={of.client_id} secret={secret} onClose={onClose} />
      ) : (
        <Stack>
          <Refusal error={renewal.error} />
          <Text>The old secret ends at once: the application cannot get new tokens until it has this one.</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus>
              Cancel
            </Button>
            <Button loading={renewal.isPending} onClick={() => renewal.mutate()}>
              Make a new secret
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
