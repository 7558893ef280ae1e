import { Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import Papa from "papaparse";
import { useMemo } from "react";
import { beginning, MOST } from "./text";
import { Cut } from "./Words";

const ROWS = 1_000;
const COLUMNS = 60;

/** The first rows of a table; its first row is its head. */
export function Sheet({ source, total }: { source: string; total: number }) {
  const { data } = useSuspenseQuery(beginning(source));
  const { head, rows, more } = useMemo(() => read(data, total > MOST), [data, total]);
  return (
    <>
      {more ? (
        <Text size="sm" c="dimmed" className="cut">
          The first {rows.length.toLocaleString()} rows{head.length === COLUMNS ? ` and ${COLUMNS} columns` : ""}.
        </Text>
      ) : (
        <Cut total={total} />
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section className="sheet scrolls" tabIndex={0} aria-label="Table of the file">
        <table>
          <thead>
            <tr>
              {head.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a cell is known by
                <th key={column} scope="col" data-number={isNumber(rows[0]?.[column]) || undefined}>
                  {cell}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, number) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a row is known by
              <tr key={number}>
                {head.map((_, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a cell is known by
                  <td key={column} data-number={isNumber(row[column]) || undefined}>
                    {row[column]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function read(text: string, cut: boolean) {
  const { data, meta } = Papa.parse<string[]>(text, { preview: ROWS + 2, skipEmptyLines: true });
  // The last row of a piece of a file may not be whole.
  const [head = [], ...rows] = cut && !meta.truncated ? data.slice(0, -1) : data;
  return {
    head: head.slice(0, COLUMNS),
    rows: rows.slice(0, ROWS),
    more: cut || rows.length > ROWS || head.length > COLUMNS,
  };
}

const isNumber = (cell: string | undefined) => cell !== undefined && /^[-+]?\d[\d ',.]*%?$/.test(cell);
