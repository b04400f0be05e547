import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** For `npx vite src/dashboard`: the pages from their sources, the API from a hub that runs beside them. */
const HUB = process.env.HUB_URL ?? "http://localhost:8787";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: { modulePreload: { polyfill: false }, chunkSizeWarningLimit: 800 },
  server: { proxy: { "/api": HUB, "/health": HUB, "/ws": { target: HUB, ws: true } } },
});
