import assert from "node:assert/strict";
import { test } from "node:test";

import { runs } from "../../static/app/entities.js";

test("offsets are UTF-16 units, so a face before them counts two", () => {
  const [, bold] = runs("😀 bold", [{ type: "bold", offset: 3, length: 4 }]);
  assert.equal(bold.text, "bold");
  assert.ok(bold.types.has("bold"));
});

test("nested and crossing entities lose no text", () => {
  const found = runs("abcdef", [{ type: "bold", offset: 0, length: 4 }, { type: "italic", offset: 2, length: 4 }]);
  assert.deepEqual(found.map((run) => run.text), ["ab", "cd", "ef"]);
  assert.deepEqual([...found[1].types].sort(), ["bold", "italic"]);
});

test("entities outside of the text or unknown are passed over", () => {
  const hostile = [{ type: "bold", offset: -1, length: 3 }, { type: "bold", offset: 2, length: 99 },
    { type: "mystery", offset: 0, length: 1 }, { type: "bold", offset: 0.5, length: 1 }];
  assert.deepEqual(runs("abc", hostile).map((run) => [run.text, run.types.size]), [["abc", 0]]);
});

test("only safe schemes are links", () => {
  for (const url of ["javascript:alert(1)", "data:text/html,x", " javascript:alert(1)", "vbscript:x"]) {
    assert.equal(runs("click", [{ type: "text_link", offset: 0, length: 5, url }])[0].href, null, url);
  }
  assert.equal(runs("javascript:alert(1)", [{ type: "url", offset: 0, length: 19 }])[0].href, null);
  assert.equal(runs("example.org", [{ type: "url", offset: 0, length: 11 }])[0].href, "https://example.org");
});

test("an empty text has no runs", () => {
  assert.deepEqual(runs("", []), []);
});
