import { Title } from "@mantine/core";
import type { ReactNode } from "react";

/** In place of what is not there: why, and the one thing to do about it. */
export function Notice({ title, alert, children }: { title: string; alert?: boolean; children: ReactNode }) {
  return (
    <section className="notice" role={alert ? "alert" : undefined}>
      <Title order={2}>{title}</Title>
      {children}
    </section>
  );
}
