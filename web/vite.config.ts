import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { thirdPartyNotices } from "./notices.ts";

// `TOCSIN_SERVICE` is the service that the development server asks for everything under /api.
const service = process.env.TOCSIN_SERVICE ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [svelte(), thirdPartyNotices()],
  build: {
    outDir: "../src/tocsin/service/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { "/api": { target: service, ws: true }, "/enter": service } },
});
