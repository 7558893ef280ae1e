import { Checkbox, FileInput, Group, NativeSelect, Radio, Stack, Textarea, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { PICTURES } from "../api/whole";
import { VISIBILITIES } from "../words";

export type Errors = Record<string, string | undefined>;

const NAME = 255;
const TYPES = [
  { value: "general", label: "General" },
  { value: "knowledge_base", label: "Knowledge base" },
];

/** What is said of a space that begins empty; `children` say whose it is. */
export function Blank({ errors, children }: { errors: Errors; children: ReactNode }) {
  const [name, setName] = useState("");
  const [picture, setPicture] = useState<File | null>(null);
  return (
    <>
      <TextInput
        name="name"
        label="Name"
        required
        maxLength={NAME}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
        description={`${name.length} of ${NAME} characters`}
        inputWrapperOrder={["label", "input", "description", "error"]}
        error={errors.name}
        data-autofocus
      />
      <Textarea name="description" label="Description" rows={2} error={errors.description} />
      <Group grow align="start">
        <NativeSelect name="type" label="Type" data={TYPES} error={errors.space_type} />
        {children}
      </Group>
      <FileInput
        name="background"
        label="Background"
        description="PNG, JPEG, WebP or GIF, at most 10 MB. Without one the space has a pattern of its own."
        placeholder="Choose an image"
        accept={PICTURES}
        clearable
        value={picture}
        onChange={setPicture}
      />
      {picture && <Shown picture={picture} />}
    </>
  );
}

function Shown({ picture }: { picture: File }) {
  const [source, setSource] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(picture);
    setSource(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  return source ? <img className="chosen" src={source} alt="The background as it was chosen" /> : null;
}

/** What is said of a space that comes out of a file. */
export function Bag({ errors }: { errors: Errors }) {
  return (
    <>
      <FileInput
        name="bag"
        label="File"
        description="A ZIP as the export of a space gives it, or any other BagIt bag"
        placeholder="Choose a ZIP"
        accept=".zip,application/zip"
        required
        error={errors.file}
      />
      <TextInput name="name" label="Name" placeholder="As the file says" maxLength={NAME} error={errors.name} />
      <Checkbox name="members" value="true" label="Invite the members that the file names" />
    </>
  );
}

/** Who may see it. */
export function Seen({ error }: { error: string | undefined }) {
  return (
    <Radio.Group name="visibility" label="Who may see it" defaultValue="private" error={error}>
      <Stack gap="xs" mt="xs">
        {VISIBILITIES.map(({ value, label, meaning }) => (
          <Radio key={value} value={value} label={label} description={meaning} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
