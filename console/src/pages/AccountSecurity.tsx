import { Button, Group, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, me, queryClient, told } from "../api";
import { secondFactor } from "../api/account";
import { Failure } from "../parts/Failure";
import { Refusal } from "../parts/Refusal";
import { Sure } from "../parts/Sure";
import { Tag } from "../parts/Tag";
import { Waiting } from "../parts/Waiting";
import { complaint } from "../refusals";
import { Passkeys } from "./AccountPasskeys";
import { Codes, Enrolment } from "./SecondFactor";

const renew = () => {
  queryClient.invalidateQueries({ queryKey: ["second-factor"] });
  queryClient.invalidateQueries({ queryKey: me().queryKey });
};

/** How somebody gets into the account. */
export function Security() {
  return (
    <div className="sections">
      <Password />
      <Second />
      <Passkeys onChange={renew} />
      <section className="panel" aria-labelledby="outside">
        <Title order={2} id="outside">
          Sign-in from outside
        </Title>
        <Text mb="md">Accounts elsewhere, such as that of your company, can open this one.</Text>
        <Button component="a" href="/account/providers" variant="default">
          Manage them
        </Button>
      </section>
    </div>
  );
}

function Password() {
  const { data: person } = useSuspenseQuery(me());
  const change = useMutation({
    mutationFn: (form: FormData) =>
      told(
        api.POST("/v1/me/password", {
          body: {
            current_password: form.has("current") ? String(form.get("current")) : null,
            new_password: String(form.get("new")),
          },
        }),
      ),
    onSuccess: () => {
      queryClient.invalidateQueries({ queryKey: me().queryKey });
      notifications.show({
        title: "Changed",
        message: "Other browsers and logins were signed out. Keys go on.",
        autoClose: 6_000,
      });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    change.mutate(new FormData(form), { onSuccess: () => form.reset() });
  };
  const eye = { "aria-label": "Show the password" };
  return (
    <section className="panel" aria-labelledby="password">
      <Title order={2} id="password">
        Password
      </Title>
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={change.error} fields={["current_password", "new_password"]} />
          {person.has_password === false ? (
            <Text>You have none: you sign in from outside. With one you could also sign in here.</Text>
          ) : (
            <PasswordInput
              name="current"
              label="Current password"
              required
              autoComplete="current-password"
              visibilityToggleButtonProps={eye}
              error={complaint(change.error, "current_password")}
            />
          )}
          <PasswordInput
            name="new"
            label="New password"
            description="At least 12 characters. A few words in a row are good."
            required
            minLength={12}
            autoComplete="new-password"
            visibilityToggleButtonProps={eye}
            error={complaint(change.error, "new_password")}
          />
          <Group>
            <Button type="submit" loading={change.isPending}>
              {person.has_password === false ? "Set a password" : "Change the password"}
            </Button>
          </Group>
        </Stack>
      </form>
    </section>
  );
}

function Second() {
  const query = useQuery(secondFactor());
  return (
    <section className="panel" aria-labelledby="second">
      <Title order={2} id="second">
        Second factor
      </Title>
      {query.isPending && <Waiting what="the second factor" rows={1} />}
      {query.isError && <Failure error={query.error} />}
      {query.data && <Factor state={query.data} />}
    </section>
  );
}

type State = { required: boolean; totp: boolean; recovery_codes: number };

function Factor({ state }: { state: State }) {
  const [doing, setDoing] = useState<"enrol" | "codes" | "remove">();
  const close = () => setDoing(undefined);
  const remove = async () => {
    await told(api.DELETE("/v1/me/second-factor/totp", { body: {} }));
    renew();
  };
  return (
    <Stack>
      <Group gap="sm">
        <Tag tone={state.required ? "good" : "busy"}>{state.required ? "on" : "off"}</Tag>
        <Text>
          {state.required
            ? "A password alone does not open your account."
            : "Whoever knows your password can sign in. An authenticator app, or a passkey, keeps them out."}
        </Text>
      </Group>
      {state.required && (
        <Text c={state.recovery_codes < 3 ? "var(--cy-alarm)" : "dimmed"}>
          {state.recovery_codes} recovery codes are left. Each opens the account once, should you lose the rest.
        </Text>
      )}
      <Group>
        {state.totp ? (
          <Button variant="default" onClick={() => setDoing("remove")}>
            Remove the app…
          </Button>
        ) : (
          <Button onClick={() => setDoing("enrol")}>Set up an app…</Button>
        )}
        {state.required && (
          <Button variant="default" onClick={() => setDoing("codes")}>
            New recovery codes…
          </Button>
        )}
      </Group>
      {doing === "enrol" && <Enrolment onDone={renew} onClose={close} />}
      {doing === "codes" && <Codes onDone={renew} onClose={close} />}
      {doing === "remove" && (
        <Sure title="Remove the authenticator app?" action="Remove" run={remove} onClose={close}>
          <Text>Without a passkey, a password alone opens your account then, and the recovery codes end.</Text>
        </Sure>
      )}
    </Stack>
  );
}
