import { Alert, Code } from "@mantine/core";
import { Problem } from "../api";

/** Why a form was refused, above it. What is wrong with one field stands at the field. */
export function Refusal({ error }: { error: Error | null }) {
  if (error === null || (error instanceof Problem && Object.keys(error.fields).length > 0)) return null;
  return (
    <Alert color="red" className="refusal" role="alert">
      {error instanceof Problem ? error.message : "Courtyard cannot be reached. Nothing was changed."}
      {error instanceof Problem && error.status >= 500 && (
        <>
          {" "}
          Request <Code>{error.requestId}</Code>
        </>
      )}
    </Alert>
  );
}
