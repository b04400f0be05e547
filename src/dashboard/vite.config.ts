import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** For `npx vite src/dashboard`: the pages from their sources, the API from a hub that runs beside them. */
const HUB = process.env.HUB_URL ?? "http://localhost:8787";

/** The browser's own host stays in the request: the hub acts for its own pages only. */
const hub = { target: HUB, changeOrigin: false };

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: { modulePreload: { polyfill: false }, chunkSizeWarningLimit: 800 },
  server: {
    // Sources lie in a folder api, too.
    proxy: { "^/api/(?!.*\\.ts$)": hub, "/openapi.json": hub, "/docs": hub, "/ws": { ...hub, ws: true } },
  },
});
