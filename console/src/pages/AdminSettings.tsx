import { Switch, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Setting, settings } from "../api/administration";
import { Failure } from "../parts/Failure";
import { Tag } from "../parts/Tag";
import { Waiting } from "../parts/Waiting";

const SOURCES: Record<Setting["source"], string> = {
  default: "as it comes",
  environment: "environment",
  file: "file",
  dotenv: ".env",
  start: "at the start",
};

/** What the installation is set to, and where that comes from. */
export function Settings() {
  const query = useQuery(settings());
  const [set, setSet] = useState(false);
  if (query.isPending) return <Waiting what="the settings" rows={8} />;
  if (query.isError) return <Failure error={query.error} />;
  const shown = query.data.data.filter((one) => !set || one.is_set);
  return (
    <>
      <div className="filters">
        <Text c="dimmed" className="grow">
          They are read when the server starts.
        </Text>
        <Switch label="Only what is set" checked={set} onChange={(event) => setSet(event.currentTarget.checked)} />
      </div>
      <Table className="rows" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Setting</Table.Th>
            <Table.Th>Value</Table.Th>
            <Table.Th>From</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((one) => (
            <Table.Tr key={one.name}>
              <Table.Th scope="row" className="name">
                <code>{one.variable}</code>
                <div className="detail">{one.description}</div>
              </Table.Th>
              <Table.Td data-label="Value" className="wraps">
                {written(one)}
              </Table.Td>
              <Table.Td data-label="From">
                {one.source === "default" ? SOURCES.default : <Tag tone="accent">{SOURCES[one.source]}</Tag>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {shown.length === 0 && <Text mt="md">Everything is as it comes.</Text>}
    </>
  );
}

function written({ value, secret, is_set }: Setting): string {
  if (secret) return is_set ? "set, not shown" : "not set";
  if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
