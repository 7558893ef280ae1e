import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const SERVER = process.env.COURTYARD_PUBLIC_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/console/",
  plugins: [react()],
  // The server puts a fresh value in its place with every answer.
  html: { cspNonce: "__NONCE__" },
  build: {
    outDir: "../src/courtyard/console/static",
    emptyOutDir: true,
    target: "es2022",
    // Nothing comes as a data: address, which the policy forbids to fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What changes seldom is a file of its own, which stays in the cache.
    rolldownOptions: {
      output: {
        // The plain pages use the same font, by a name that stays.
        assetFileNames: ({ names }) =>
          names[0]?.endsWith(".woff2") ? "assets/[name][extname]" : "assets/[name]-[hash][extname]",
        codeSplitting: { groups: [{ name: "react", test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ }] },
      },
    },
  },
  server: {
    // "localhost" may be ::1 alone; a session belongs to the name under which it began.
    host: "127.0.0.1",
    proxy: Object.fromEntries(
      ["/console/api", "/login", "/logout", "/account", "/setup", "/p/", "/pages", "/docs", "/v1"].map((path) => [
        path,
        SERVER,
      ]),
    ),
  },
});
