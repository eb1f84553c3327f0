import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where a daemon listens that `npx vite` shows the console of while it is worked on. */
const daemon = process.env.TRAINYARD_URL ?? "http://127.0.0.1:4566";

export default defineConfig({
  base: "/_console/",
  plugins: [react()],
  build: {
    outDir: process.env.TRAINYARD_CONSOLE_OUT ?? "../build/console/dist",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the policy of the page's server takes no data: scripts or fonts
  },
  // With the browser's own Host: the daemon compares it with Origin.
  server: { proxy: { "/_console/api": { target: daemon, changeOrigin: false } } },
  // Vitest's own five seconds are too few where the machine is busy.
  test: { include: ["src/**/*.test.{ts,tsx}"], testTimeout: 60_000 },
});
