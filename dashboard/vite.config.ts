import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { precompress } from "./scripts/precompress.mjs";

const server = process.env.BUILDLEDGER_URL ?? "http://127.0.0.1:8010";

export default defineConfig({
  // Relative addresses: the server decides at run time where the app lives, through <base href>.
  base: "./",
  plugins: [react(), precompress()],
  worker: { format: "es" },
  build: {
    outDir: "../buildledger/dashboard_static",
    emptyOutDir: true,
    // light-dark() and relative colours are written as they are, not lowered to older browsers.
    target: ["chrome123", "firefox128", "safari17.5"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    license: { fileName: "third-party-licences.md" },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
});
