import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const STATIC = new URL("../../static/", import.meta.url);
const LIMIT = 60 * 1024;
const LATER = 10 * 1024;
/** What stands beside a library and reaches no browser. */
const BESIDE = /\/LICENSE$|\.d\.ts$|^vendor\.json$/;

/** @param {string} folder @param {RegExp} [names] @returns {string[]} */
function files(folder, names = /./) {
  return readdirSync(new URL(folder, STATIC), { recursive: true, encoding: "utf8" })
    .filter((name) => names.test(name) && statSync(new URL(folder + name, STATIC)).isFile());
}

/** @param {string} name */
function read(name) {
  return readFileSync(new URL(name, STATIC));
}

test("every vendored file is the one that was taken, and none came beside", () => {
  const listed = JSON.parse(read("vendor/vendor.json").toString());
  const expected = new Map(Object.entries(listed).flatMap(([folder, library]) =>
    Object.entries(library.files).map(([name, sum]) => [`${folder}/${name}`, sum])));
  const found = new Map(files("vendor/").filter((name) => !BESIDE.test(name))
    .map((name) => [name, createHash("sha256").update(read(`vendor/${name}`)).digest("hex")]));
  assert.deepEqual(found, expected);
  for (const folder of Object.keys(listed)) assert.ok(files("vendor/").includes(`${folder}/LICENSE`));
});

/** A module and all that it imports. @param {string} name @param {Set<string>} [found] */
function imported(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const source = read(name).toString();
  if (name.startsWith("vendor/")) return found;
  for (const [, path] of source.matchAll(/^(?:import|export)\b[^;]*?"(\.[^"]+)";$/gm)) {
    imported(new URL(path, `file:///${name}`).pathname.slice(1), found);
  }
  return found;
}

/** @param {Iterable<string>} names */
function compressed(names) {
  return [...names].reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);
}

const begins = imported("app/main.js");
const later = imported("app/later.js");
const workers = ["app/beat-worker.js", "app/notice-worker.js"];

test("the agents' page begins with at most 60 KB of JavaScript and CSS, compressed", () => {
  const size = compressed([...begins, "app/beat-worker.js", "app/app.css",
    ...files("css/", /\.css$/).map((name) => `css/${name}`), "theme-early.js"]);
  assert.ok(size <= LIMIT, `${size} bytes`);
});

test("what it fetches once it has begun is at most 10 KB", () => {
  const size = compressed([...[...later].filter((name) => !begins.has(name)), "app/notice-worker.js"]);
  assert.ok(size > 0 && size <= LATER, `${size} bytes`);
});

test("every script of the agents' page is counted", () => {
  const all = files("app/", /\.js$/).map((name) => `app/${name}`);
  const counted = [...begins, ...later, ...workers];
  assert.deepEqual(all.filter((name) => !counted.includes(name)), []);
});

test("every icon that is drawn is in the sprite", () => {
  const known = new Set([...read("icons.svg").toString().matchAll(/<symbol id="([^"]+)"/g)].map((match) => match[1]));
  const sources = files("app/views/", /\.js$/).map((name) => read(`app/views/${name}`).toString()).join("\n");
  const drawn = [...sources.matchAll(/\b(?:icon|button|railButton|blank)\("([a-z-]+)"/g)].map((match) => match[1]);
  assert.ok(drawn.length > 20);
  assert.deepEqual(drawn.filter((name) => !known.has(name)), []);
});
