import { Alert, Code } from "@mantine/core";
import { Problem } from "../api";

/**
 * Why a form was refused, above it. What is wrong with one of the `fields` that the form shows stands there alone; whatever
 * else was refused is said here, so that nothing is refused in silence.
 */
export function Refusal({ error, fields = [] }: { error: Error | null; fields?: string[] }) {
  if (error === null) return null;
  const known = error instanceof Problem ? error : undefined;
  const complaints = Object.entries(known?.fields ?? {});
  const rest = complaints.filter(([name]) => !fields.some((field) => name === field || name.startsWith(`${field}/`)));
  if (complaints.length > 0 && rest.length === 0) return null;
  return (
    <Alert color="red" className="refusal" role="alert">
      {rest.map(([name, detail]) => (
        <span key={name} className="line">
          {name && `${name.charAt(0).toUpperCase()}${name.slice(1).replace(/[_/]/g, " ")}: `}
          {detail}
        </span>
      ))}
      {rest.length === 0 && (known ? known.message : "Courtyard cannot be reached. Nothing was changed.")}
      {known && known.status >= 500 && (
        <>
          {" "}
          Request <Code>{known.requestId}</Code>
        </>
      )}
    </Alert>
  );
}
