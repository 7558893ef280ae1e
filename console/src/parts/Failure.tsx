import { Button, Text } from "@mantine/core";
import { useParams, useRouter } from "@tanstack/react-router";
import { Problem, queryClient, signInAddress, space } from "../api";
import { Copy } from "./Copy";
import { Go } from "./Go";
import { Notice } from "./Notice";

/** What went wrong, in words, with the number for whoever looks into it, and a way on. */
export function Failure({ error, reset }: { error: unknown; reset?: () => void }) {
  const router = useRouter();
  const known = error instanceof Problem ? error : undefined;
  const again = () => {
    queryClient.invalidateQueries({ predicate: (query) => query.state.status === "error" });
    reset?.();
    router.invalidate();
  };
  if (known?.status === 401)
    return (
      <Notice title="You were signed out" alert>
        <Text>Sign in again to see what is here.</Text>
        <Button component="a" href={signInAddress()}>
          Sign in
        </Button>
      </Notice>
    );
  if (known?.status === 404)
    return (
      <Notice title="There is nothing here" alert>
        <Text>It does not exist, was deleted, or is not shared with you.</Text>
        <Go to="/" variant="default">
          Back to the spaces
        </Go>
      </Notice>
    );
  return (
    <Notice title={known?.status === 403 ? "This is not allowed" : "This did not work"} alert>
      <Text>{known ? known.message : "Courtyard cannot be reached."}</Text>
      {known?.status === 403 && <Role />}
      <Button onClick={again}>Try again</Button>
      {known?.requestId && (
        <Text size="sm" c="dimmed">
          Request <Copy text={known.requestId} what="number of the request" />
        </Text>
      )}
    </Notice>
  );
}

/** In a space: as what one is there, and who can change it. */
function Role() {
  const { spaceId } = useParams({ strict: false });
  const here = spaceId === undefined ? undefined : queryClient.getQueryData(space(spaceId).queryKey);
  if (!here) return null;
  return (
    <Text>
      You are {here.role ?? "a visitor"} in {here.name}.
      {here.owner && ` ${here.owner.username} owns it, and can give you another role.`}
    </Text>
  );
}
