import { Alert, Button, Group, Loader, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useMemo } from "react";
import { encode } from "uqr";
import { api, told } from "../api";
import { Commands } from "../parts/Commands";
import { Copy } from "../parts/Copy";
import { Refusal } from "../parts/Refusal";
import { complaint } from "../refusals";

type Doing = { onDone: () => void; onClose: () => void };

/** Sets up an authenticator app: its key, the first code, the recovery codes. */
export function Enrolment({ onDone, onClose }: Doing) {
  const begun = useQuery({
    queryKey: ["enrolment"],
    queryFn: () => told(api.POST("/v1/me/second-factor/totp", { body: {} })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  const confirm = useMutation({
    mutationFn: (code: string) => told(api.POST("/v1/me/second-factor/totp/confirm", { body: { code } })),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    confirm.mutate(String(new FormData(event.currentTarget).get("code")));
  };
  const codes = confirm.data?.recovery_codes;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={codes ? "Your app is set up" : "Set up an authenticator app"}
      closeOnClickOutside={!codes}
    >
      {codes ? (
        <Kept codes={codes} onClose={onClose} />
      ) : (
        <form onSubmit={submit}>
          <Stack>
            <Refusal error={begun.error ?? confirm.error} fields={["code"]} />
            {begun.isPending && <Loader aria-label="Asking for a key" />}
            {begun.data && (
              <>
                <Text>1. Scan this with your authenticator app, or type the key into it.</Text>
                <div className="enrolment">
                  <Picture of={begun.data.uri} />
                  <div>
                    <Text size="sm" c="dimmed">
                      Key
                    </Text>
                    <Copy text={begun.data.secret} what="key" />
                  </div>
                </div>
                <Text>2. Type the code that it shows now.</Text>
                <TextInput
                  name="code"
                  label="Code"
                  required
                  inputMode="numeric"
                  autoComplete="one-time-code"
                  error={complaint(confirm.error, "code")}
                />
              </>
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={confirm.isPending} disabled={!begun.data}>
                Turn it on
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

/** A QR code as one path: dark on light in both schemes, or cameras do not read it. */
function Picture({ of }: { of: string }) {
  const { size, path } = useMemo(() => {
    const { size, data } = encode(of, { border: 2 });
    const cells = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")));
    return { size, path: cells.join("") };
  }, [of]);
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges" role="img" aria-label="QR code">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

/** Another set of recovery codes. */
export function Codes({ onDone, onClose }: Doing) {
  const make = useMutation({
    mutationFn: () => told(api.POST("/v1/me/second-factor/recovery-codes", { body: {} })),
    onSuccess: onDone,
  });
  const codes = make.data?.recovery_codes;
  return (
    <Modal opened onClose={onClose} size="lg" title="Recovery codes" closeOnClickOutside={!codes}>
      {codes ? (
        <Kept codes={codes} onClose={onClose} />
      ) : (
        <Stack>
          <Refusal error={make.error} />
          <Text>The codes that you have now end. The new ones are shown once.</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus>
              Cancel
            </Button>
            <Button loading={make.isPending} onClick={() => make.mutate()}>
              Make new codes
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

/** Recovery codes in the only moment in which they are known. */
export function Kept({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  return (
    <Stack>
      {codes.length > 0 && (
        <>
          <Alert color="yellow" className="hint">
            Keep these codes where you find them without this device. They are shown this once; each opens your account
            one time.
          </Alert>
          <Commands text={codes.join("\n")} title="the recovery codes" />
        </>
      )}
      <Group justify="flex-end">
        <Button onClick={onClose}>{codes.length > 0 ? "I have stored them" : "Done"}</Button>
      </Group>
    </Stack>
  );
}
