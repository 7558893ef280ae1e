import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/figtree";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./look.css";
import "./parts.css";
import "./tabs.css";
import "./artifact.css";
import { Problem, queryClient } from "./api";
import { keepFocus } from "./focus";
import { begin } from "./live";
import { router } from "./routes";
import { watchVersion } from "./standing";
import { theme, variables } from "./theme";

// Style sheets that are written while the page runs carry the nonce of this answer; so do those of react-remove-scroll.
const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
Object.assign(globalThis, { __webpack_nonce__: nonce });

const colours = localStorageColorSchemeManager({ key: "courtyard-colours" });
const place = document.getElementById("console");
if (place === null) throw new Error("index.html has no place for the console");

// A refusal is shown by the page that met it; anything else is a mistake and belongs into the log.
const onCaughtError = (error: unknown) => error instanceof Problem || console.error(error);

begin();
keepFocus();
watchVersion();
createRoot(place, { onCaughtError }).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={colours}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Notifications position="bottom-left" limit={4} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
