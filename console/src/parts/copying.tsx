import { Code } from "@mantine/core";
import { notifications } from "@mantine/notifications";

/** Copies a text, and says so. Plain `http://` addresses have no clipboard: there it stands in the message. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notifications.show({ message: `The ${what} is copied.`, autoClose: 4_000 });
  } catch {
    notifications.show({ title: `Here is the ${what}`, message: <Code block>{text}</Code>, autoClose: false });
  }
}
