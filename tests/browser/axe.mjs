// SPDX-License-Identifier: LGPL-2.1-or-later

// What axe-core finds in a page.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { equal } from "./check.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// In the dark only colours are others (style.css, phone.css), which these look at.
export const RULES_OF_COLOURS = ["color-contrast", "link-in-text-block"];

const GRAVE = ["serious", "critical"];

// Nothing of these impacts (null: of any). `runOnly`: by these rules, or all.
export async function axe(page, where, runOnly, impacts = GRAVE) {
  // The page's own policy lets no other script in. Once for each page: to read it takes
  // longer than to run it.
  if (!await page.evaluate(() => "axe" in window)) await page.evaluate(AXE);
  const found = await page.evaluate(async ([rules, grave]) => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"],
      ...rules && { runOnly: rules } });
    return violations.filter((v) => !grave || grave.includes(v.impact))
      .map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any.map((a) =>
        a.message).join("; ")}`).join(" | ")}`);
  }, [runOnly, impacts]);

  equal(found, [], `axe-core in ${where}`);
}
