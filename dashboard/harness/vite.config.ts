import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Pages for tests and benchmarks; the product's build knows nothing of them. Built by `vite build --config harness/vite.config.ts --outDir …`. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["log.html", "bench.html"].map((name) => `${import.meta.dirname}/${name}`) },
  },
});
