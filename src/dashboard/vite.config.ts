import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The hub names the files of this entry in its page (src/http/hub/docs.ts), so these names have no hash. */
const API_DOCS = "api-docs";

/** `npx vite src/dashboard` serves the pages from their sources and passes API requests on to this hub. */
const HUB = process.env.HUB_URL ?? "http://localhost:8787";

/** The request keeps the browser's host, because the hub refuses requests of pages from other hosts. */
const hub = { target: HUB, changeOrigin: false };

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      input: { index: `${import.meta.dirname}/index.html`, [API_DOCS]: `${import.meta.dirname}/${API_DOCS}.tsx` },
      output: {
        entryFileNames: ({ name }) => (name === API_DOCS ? "docs/[name].js" : "app/[name]-[hash].js"),
        assetFileNames: ({ names }) =>
          names.includes(`${API_DOCS}.css`) ? "docs/[name][extname]" : "app/[name]-[hash][extname]",
      },
    },
  },
  server: {
    // Vite also serves sources from a folder named api, so requests for .ts files are not passed on.
    proxy: { "^/api/(?!.*\\.ts$)": hub, "/openapi.json": hub, "/docs": hub, "/ws": { ...hub, ws: true } },
  },
});
