import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fixFor, fixForAll, helpOn } from "../../static/app/fixes.js";

const manager = { project: "p1", managing: true, me: "a1" };
const agent = { ...manager, managing: false };

const guide = readFileSync(new URL("../../docs/guide/rules.md", import.meta.url), "utf8");
const sections = [...guide.matchAll(/^## (.*)$/gmu)].map(([, title]) => title.toLowerCase());

test("each rule leads to its section of the guide", () => {
  for (const section of sections) {
    const code = section.replaceAll(" ", "_");
    assert.equal(helpOn(code), `/help/rules/#${section.replaceAll(" ", "-")}`);
  }
});

test("managers are led to where a rule is mended, but for what is in other hands", () => {
  const open = sections.map((section) => section.replaceAll(" ", "_"))
    .filter((code) => !fixFor(code, "a2", manager) && !fixForAll(code, manager));
  assert.deepEqual(open.sort(), ["already_had_it", "away", "offline"]);
  assert.equal(fixFor("at_limit", "a2", manager)?.href, "/console/agents/a2/");
  assert.equal(fixForAll("project_paused", manager)?.href, "/console/projects/p1/");
});

test("agents mend what is their own", () => {
  assert.equal(fixFor("away", "a1", agent)?.deed, "online");
  assert.equal(fixFor("away", "a2", agent), null);
  assert.equal(fixFor("at_limit", "a1", agent), null);
  assert.equal(fixForAll("no_agents", agent), null);
});
