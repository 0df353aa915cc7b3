import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const FILE = "THIRD_PARTY_NOTICES.txt";

/** Write the licences of all packages whose code, fonts or data are in the bundle. */
export function thirdPartyNotices(): Plugin {
  return {
    name: "third-party-notices",
    generateBundle() {
      const folders = new Set<string>();
      for (const id of this.getModuleIds()) {
        const found = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replaceAll("\\", "/"));
        if (found?.[1]) folders.add(found[1]);
      }
      const parts = [...folders].sort().map(notice).filter(Boolean);
      const source = `The watch screen contains the following works.\n\n${parts.join(`\n${"-".repeat(78)}\n\n`)}`;
      this.emitFile({ type: "asset", fileName: FILE, source });
    },
  };
}

function notice(folder: string): string {
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) return "";
  const about = JSON.parse(readFileSync(manifest, "utf8")) as {
    name: string;
    version: string;
    license?: string;
  };
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${about.name} ${about.version}\nLicence: ${about.license ?? "see below"}\n\n${text}\n`;
}
