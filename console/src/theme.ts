// The look in the kit's words: one accent, greens instead of greys, and colours that can be read in both schemes.
import { type CSSVariablesResolver, createTheme } from "@mantine/core";

export const theme = createTheme({
  fontFamily: '"Figtree Variable", system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace',
  headings: {
    fontFamily: '"Figtree Variable", system-ui, sans-serif',
    fontWeight: "680",
    sizes: {
      h1: { fontSize: "1.75rem", lineHeight: "1.2" },
      h2: { fontSize: "1.25rem", lineHeight: "1.3" },
      h3: { fontSize: "1.0625rem", lineHeight: "1.35" },
    },
  },
  black: "#10201b",
  primaryColor: "lake",
  primaryShade: { light: 8, dark: 3 },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  focusRing: "auto",
  colors: {
    // biome-ignore format: a scale reads best as one line
    lake: ["#e9f5f1", "#d3eae3", "#a8dccf", "#6fd3bf", "#44b8a3", "#2a9c87", "#1b8270", "#127263", "#0d6457", "#0a4f45"],
    // biome-ignore format: a scale reads best as one line
    gray: ["#f7faf9", "#eef3f1", "#e3ebe8", "#d5dfdb", "#b9c7c2", "#8fa19b", "#667a73", "#4a5b56", "#30403b", "#1b2926"],
    // biome-ignore format: a scale reads best as one line
    dark: ["#e6efec", "#c9d6d1", "#a9bab4", "#7f928a", "#3d4d47", "#2e3c37", "#1d2825", "#151e1b", "#0f1614", "#0a100e"],
  },
  components: {
    // Said, because look.css asks for it.
    Button: { defaultProps: { variant: "filled" } },
    CloseButton: { defaultProps: { "aria-label": "Close" } },
    Modal: { defaultProps: { radius: "lg", centered: true, closeButtonProps: { "aria-label": "Close" } } },
    Drawer: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
    Menu: { defaultProps: { radius: "md", shadow: "md", position: "bottom-end", withInitialFocusPlaceholder: false } },
    Tooltip: { defaultProps: { openDelay: 300 } },
  },
});

// The kit's own defaults are too pale to read on our paper.
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f3f7f5",
    "--mantine-color-text": "#1b2926",
    "--mantine-color-dimmed": "#4a5b56",
    "--mantine-color-placeholder": "#5d6f69",
    "--mantine-color-error": "#9c1f19",
    "--mantine-color-anchor": "#0d6457",
    "--mantine-color-default-border": "#c9d5d0",
    "--cy-card": "#ffffff",
    "--cy-line": "#dbe4e0",
    "--cy-tint": "#e4f1ed",
    "--cy-accent": "#0d6457",
    "--cy-good": "#14603a",
    "--cy-good-tint": "#e0f2e7",
    "--cy-busy": "#7a4a00",
    "--cy-busy-tint": "#fbeed6",
    "--cy-alarm": "#9c1f19",
    "--cy-alarm-tint": "#fcebe9",
    "--cy-neutral-tint": "#e6ecea",
  },
  dark: {
    "--mantine-color-body": "#0f1614",
    "--mantine-color-text": "#e6efec",
    "--mantine-color-dimmed": "#a9bab4",
    "--mantine-color-placeholder": "#93a69f",
    "--mantine-color-error": "#ffaaa2",
    "--mantine-color-anchor": "#6fd3bf",
    "--mantine-color-default": "#1a2421",
    "--mantine-color-default-border": "#3d4d47",
    "--cy-card": "#18221f",
    "--cy-line": "#2a3733",
    "--cy-tint": "#1d342e",
    "--cy-accent": "#6fd3bf",
    "--cy-good": "#8fdcae",
    "--cy-good-tint": "#17351f",
    "--cy-busy": "#f2c479",
    "--cy-busy-tint": "#3a2c12",
    "--cy-alarm": "#ffaaa2",
    "--cy-alarm-tint": "#3a1d1b",
    "--cy-neutral-tint": "#25312d",
  },
});
