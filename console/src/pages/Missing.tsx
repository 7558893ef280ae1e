import { Text } from "@mantine/core";
import { Go } from "../parts/Go";
import { Notice } from "../parts/Notice";

export function Missing() {
  return (
    <Notice title="There is no such page">
      <title>Not found · Courtyard</title>
      <Text>The address may be mistyped, or the page has moved.</Text>
      <Go to="/" variant="default">
        Back to the spaces
      </Go>
    </Notice>
  );
}
