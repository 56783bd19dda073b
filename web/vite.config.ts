import { defineConfig } from "vitest/config";

// `npm run dev` proxies the API to a hub: SUAN_HUB, default http://127.0.0.1:7700.
const hub = process.env["SUAN_HUB"] ?? "http://127.0.0.1:7700";

export default defineConfig({
  esbuild: { jsx: "automatic", legalComments: "none" },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the content rule allows data: for images only
    reportCompressedSize: false,
    rollupOptions: {
      onwarn(warning, warn) {
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning); // "use client" of libraries
      },
      output: {
        manualChunks(id) {
          if (id.includes("/echarts/") || id.includes("/zrender/")) return "charts";
          if (/node_modules\/(react|react-dom|scheduler)\//.test(id)) return "react";
          return undefined;
        },
      },
    },
  },
  server: { proxy: { "/v1": hub, "/openapi.json": hub }, fs: { allow: [".."] } }, // docs/formats: worked bytes for tests
  worker: { format: "es" },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    testTimeout: 20_000,
    setupFiles: ["tests/setup.ts"],
  },
});
