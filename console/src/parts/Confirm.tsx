import { Alert, Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, me, Problem, told } from "../api";
import { settle } from "../confirming";
import { signOut } from "../leaving";
import { canPasskeys, declined, sign } from "../passkeys";

/** "Is it still you?": shown when the server wants to know before it goes on; the call is sent again afterwards. */
export function Confirm() {
  const { data: person } = useQuery(me());
  const wordless = person?.has_password === false;
  const [byCode, setByCode] = useState(wordless);
  /** Whether there is something to type: without a password there may still be an app that gives codes. */
  const typed = !wordless || person?.second_factor === true;
  const confirm = useMutation({
    mutationFn: (form: FormData) => {
      const body = byCode ? { code: String(form.get("code")) } : { password: String(form.get("password")) };
      return told(api.POST("/v1/me/confirm", { body }));
    },
    onSuccess: () => settle(true),
  });
  const passkey = useMutation({
    mutationFn: async () => {
      const { challenge_id, options } = await told(api.POST("/v1/me/confirm/options"));
      const answer = await sign(options);
      return told(api.POST("/v1/me/confirm", { body: { passkey: { challenge_id, answer } } }));
    },
    onSuccess: () => settle(true),
  });
  const fields: Record<string, string> = confirm.error instanceof Problem ? confirm.error.fields : {};
  const refused = passkey.error ?? (Object.keys(fields).length ? null : confirm.error);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    // A dialog may have asked for this: its own form is not meant.
    event.stopPropagation();
    passkey.reset();
    confirm.mutate(new FormData(event.currentTarget));
  };
  return (
    <Modal opened onClose={() => settle(false)} title="Is it still you?" zIndex={300}>
      <form onSubmit={submit}>
        <Stack>
          <Text>You signed in a while ago. Before this is done, show once more that it is you.</Text>
          {wordless && (
            <Text>
              You have no password here. Sign out and in again as you always do; then nobody asks for ten minutes.
            </Text>
          )}
          {refused && (
            <Alert color="red" className="refusal" role="alert">
              {refused instanceof Problem ? refused.message : declined(refused)}
            </Alert>
          )}
          <input type="text" name="username" autoComplete="username" value={person?.email ?? ""} readOnly hidden />
          {typed && byCode && (
            <TextInput
              key="code"
              name="code"
              label="Code"
              description="Of your authenticator app, or a recovery code."
              required
              autoComplete="one-time-code"
              error={fields.code}
              data-autofocus
            />
          )}
          {typed && !byCode && (
            <PasswordInput
              key="password"
              name="password"
              label="Password"
              required
              autoComplete="current-password"
              error={fields.password}
              visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
              data-autofocus
            />
          )}
          {(person?.second_factor || canPasskeys()) && (
            <Group gap="xs">
              {person?.second_factor && !wordless && (
                <Button variant="subtle" size="compact-md" onClick={() => setByCode(!byCode)}>
                  {byCode ? "Use the password" : "Use a code"}
                </Button>
              )}
              {canPasskeys() && (
                <Button
                  variant="subtle"
                  size="compact-md"
                  leftSection={<IconFingerprint size={17} aria-hidden />}
                  loading={passkey.isPending}
                  onClick={() => passkey.mutate()}
                >
                  Use a passkey
                </Button>
              )}
            </Group>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => settle(false)}>
              Cancel
            </Button>
            {wordless && (
              <Button
                variant={typed ? "default" : "filled"}
                onClick={() => signOut(location.pathname + location.search)}
              >
                Sign out and in again
              </Button>
            )}
            {typed && (
              <Button type="submit" loading={confirm.isPending}>
                Confirm
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
