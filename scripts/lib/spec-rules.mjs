/** Which rules there are and which tests cite them, by reading text. */

const RULE = /^- \*\*([A-Z]{2}\d+)\*\*/;
/** A text that begins with ids in brackets: `'[WR1] …'`, `"[CF3, CF7] …"`, `` `[SV2 SV3] …` ``. */
const CITATION = /(['"`])\[([A-Z]{1,3}\d+[a-z]?(?:(?:\s*,\s*|\s+)[A-Z]{1,3}\d+[a-z]?)*)\]/g;

/** The ids of all rules, in the order of the specification. */
export function rulesIn(spec) {
  return spec.split('\n').flatMap((line) => RULE.exec(line)?.[1] ?? []);
}

/** Every rule that a source cites, with the line it stands on. */
export function citationsIn(source) {
  const citations = [];
  for (const [index, line] of source.split('\n').entries()) {
    for (const [, , ids] of line.matchAll(CITATION)) {
      for (const rule of ids.split(/[\s,]+/)) citations.push({ rule, line: index + 1 });
    }
  }
  return citations;
}

/** @param {{ file: string, source: string }[]} files */
export function compareRules(rules, files) {
  const known = new Set(rules);
  const cited = new Set();
  const unknown = [];
  for (const { file, source } of files) {
    for (const { rule, line } of citationsIn(source)) {
      if (known.has(rule)) cited.add(rule);
      else unknown.push({ rule, file, line });
    }
  }
  return { cited: rules.filter((rule) => cited.has(rule)), uncited: rules.filter((rule) => !cited.has(rule)), unknown };
}
