import {
  Button,
  Group,
  JsonInput,
  Modal,
  NativeSelect,
  SegmentedControl,
  Select,
  Stack,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Artifact, api, Problem, queryClient, type Space, told } from "../api";
import { Refusal } from "../parts/Refusal";
import { uuid } from "../words";

const FORMATS = [
  { value: "pdf", label: "PDF" },
  { value: "docx", label: "Word (docx)" },
  { value: "xlsx", label: "Sheet (xlsx), from CSV or JSON" },
  { value: "html", label: "HTML" },
  { value: "md", label: "Markdown" },
  { value: "txt", label: "Text" },
  { value: "csv", label: "CSV, from CSV or JSON" },
  { value: "png", label: "Picture of the first page (png)" },
];
const SOURCES = [
  { value: "text/markdown", label: "Markdown" },
  { value: "text/html", label: "HTML" },
  { value: "text/plain", label: "Text" },
  { value: "text/csv", label: "CSV" },
  { value: "application/json", label: "JSON" },
];

/** The dialog that has a document made. Its key is made as it opens: sending twice makes one document. */
export function Generate({ space, onClose }: { space: Space; onClose: () => void }) {
  const [key] = useState(uuid);
  const [from, setFrom] = useState("content");
  const [data, setData] = useState("{}");
  const [wrong, setWrong] = useState("");
  const make = useMutation({
    mutationFn: (form: FormData) => {
      const said = (name: string) => String(form.get(name));
      const source =
        from === "content"
          ? { content: encoded(said("content")), content_type: said("source") }
          : { template: said("template"), data: JSON.parse(data) };
      return told(
        api.POST("/v1/spaces/{space_id}/artifacts/generate", {
          params: { path: { space_id: space.id } },
          headers: { "Idempotency-Key": key },
          body: { name: said("name"), type: said("type") || "document", format: said("format"), ...source },
        }),
      );
    },
    onSuccess: () => {
      queryClient.invalidateQueries({ queryKey: ["artifacts", space.id] });
      onClose();
    },
  });
  const fields = make.error instanceof Problem ? make.error.fields : {};
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const reason = from === "template" ? objectOr(data) : "";
    setWrong(reason);
    if (!reason) make.mutate(form);
  };
  return (
    <Modal opened onClose={onClose} title="Generate a document" size="lg">
      <form onSubmit={submit}>
        <Stack>
          <Refusal
            error={make.error}
            fields={["name", "format", "type", "content_type", "content", "template", "data"]}
          />
          <TextInput name="name" label="Name" required maxLength={255} error={fields.name} data-autofocus />
          <Group grow align="start">
            <NativeSelect name="format" label="Format" data={FORMATS} error={fields.format} />
            <TextInput name="type" label="Type" placeholder="document" maxLength={64} error={fields.type} />
          </Group>
          <SegmentedControl
            aria-label="Made of"
            value={from}
            onChange={setFrom}
            data={[
              { value: "content", label: "What I write" },
              { value: "template", label: "A template and data" },
            ]}
          />
          {from === "content" ? (
            <>
              <NativeSelect name="source" label="Written in" data={SOURCES} error={fields.content_type} />
              <Textarea
                name="content"
                label="Content"
                required
                autosize
                minRows={7}
                maxRows={16}
                className="code"
                error={fields.content}
              />
            </>
          ) : (
            <>
              <Template space={space} error={fields.template} />
              <JsonInput
                label="Data"
                description="A JSON object; the template finds its members by their names"
                value={data}
                onChange={setData}
                formatOnBlur
                autosize
                minRows={6}
                maxRows={16}
                className="code"
                validationError={wrong || "This is no JSON."}
                error={wrong || fields.data}
              />
            </>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={make.isPending}>
              Generate
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Chosen by what it is called: a space may hold more than any list shows. */
function Template({ space, error }: { space: Space; error?: string }) {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 250);
  const [chosen, setChosen] = useState<{ value: string; label: string } | null>(null);
  const { data } = useQuery({
    queryKey: ["artifacts", space.id, "templates", q],
    queryFn: () =>
      told(
        api.GET("/v1/spaces/{space_id}/artifacts", {
          params: { path: { space_id: space.id }, query: { status: "completed", q: q || undefined, limit: 100 } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const found = (data?.data ?? [])
    .filter(isTemplate)
    .sort((one, other) => Number(other.type === "template") - Number(one.type === "template"))
    .map(({ id, name }) => ({ value: id, label: name }));
  // The one that was chosen stays an option while others are looked for.
  const options = chosen && !found.some(({ value }) => value === chosen.value) ? [chosen, ...found] : found;
  return (
    <Select
      name="template"
      label="Template"
      description="A Markdown, HTML or text file of this space with {{ names }} in it"
      placeholder="Type a part of its name"
      required
      searchable
      data={options}
      value={chosen?.value ?? null}
      onChange={(_, option) => setChosen(option)}
      searchValue={typed}
      onSearchChange={setTyped}
      filter={({ options: all }) => all}
      nothingFoundMessage={data ? "There is no such file in this space." : "Looking …"}
      maxDropdownHeight={240}
      error={error}
    />
  );
}

const isTemplate = (one: Artifact) =>
  /^text\/(markdown|html|plain)/.test(one.content_type) || /\.(md|html?|txt|j2)$/i.test(one.name);

/** Why a text is no JSON object; nothing if it is one. */
function objectOr(text: string): string {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null && !Array.isArray(read) ? "" : "This has to be an object: { … }";
  } catch (error) {
    return `This is no JSON: ${(error as Error).message}`;
  }
}

function encoded(text: string): string {
  let letters = "";
  for (const byte of new TextEncoder().encode(text)) letters += String.fromCharCode(byte);
  return btoa(letters);
}
