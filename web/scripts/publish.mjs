// Copies the exported pages into the Python package, with a manifest that names every file's
// media type and hash, a gzip copy where it is worth it, and the hashes of each page's inline
// scripts: the server states them in the content security policy, so no other script can run.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const source = fileURLToPath(new URL("../out/", import.meta.url));
const target = fileURLToPath(new URL("../../src/bursar/interfaces/web/pages/", import.meta.url));
const MEDIA_TYPES = {
  ".html": "text/html; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};
const ALREADY_SMALL = new Set([".png", ".webp", ".ico", ".woff2"]);
const GZIP_BYTES_MIN = 1024;

function sha256(data, encoding) {
  return createHash("sha256").update(data).digest(encoding);
}

function inlineScripts(html) {
  const scripts = html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g);
  return [...new Set([...scripts].map((script) => `sha256-${sha256(script[1], "base64")}`))];
}

function refuseInlineStyles(name, html) {
  if (/<style[\s>]|\sstyle="/.test(html)) {
    throw new Error(`${name} has an inline style, which the content security policy forbids`);
  }
}

async function* filesUnder(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

const fresh = `${target.replace(/\/$/, "")}.new`;
await rm(fresh, { recursive: true, force: true });
const files = {};
for await (const path of filesUnder(source)) {
  const name = relative(source, path).split(sep).join("/");
  const kind = extname(name);
  if (!(kind in MEDIA_TYPES)) throw new Error(`no media type is known for ${name}`);
  const data = await readFile(path);
  const entry = {
    media_type: MEDIA_TYPES[kind],
    hash: sha256(data, "hex").slice(0, 32),
    gzip: false,
  };
  if (kind === ".html") {
    refuseInlineStyles(name, data.toString());
    entry.scripts = inlineScripts(data.toString());
  }
  await mkdir(dirname(join(fresh, name)), { recursive: true });
  await writeFile(join(fresh, name), data);
  if (!ALREADY_SMALL.has(kind) && data.length >= GZIP_BYTES_MIN) {
    await writeFile(join(fresh, `${name}.gz`), gzipSync(data, { level: 9 }));
    entry.gzip = true;
  }
  files[name] = entry;
}
const ordered = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(join(fresh, "manifest.json"), JSON.stringify({ files: ordered }, null, 1) + "\n");
await rm(target, { recursive: true, force: true });
await rename(fresh, target);
console.log(`${Object.keys(files).length} files are in src/bursar/interfaces/web/pages`);
