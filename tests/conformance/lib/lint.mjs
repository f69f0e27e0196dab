// node lint.mjs SCHEMA FILE…: lints the files by the schema and prints what the rules say, as JSON.
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { ESLint } from "eslint";
import { configFor } from "../eslint.config.mjs";
import { root } from "./paths.mjs";

const [schema, ...files] = process.argv.slice(2);
const eslint = new ESLint({ cwd: root, overrideConfigFile: true, overrideConfig: configFor(schema) });
const results = await eslint.lintFiles(files);
const found = results.flatMap(({ filePath, messages }) => {
  const text = readFileSync(filePath, "utf8").split("\n");
  return messages.map((message) => ({
    at: `${relative(root, filePath)}:${message.line}`,
    rule: message.ruleId ?? "parser",
    message: message.message.replaceAll("\n", " "),
    line: lineWithType(text, message.line),
  }));
});
console.log(JSON.stringify(found));

/** A line, preceded by the type it stands in. */
function lineWithType(text, number) {
  const line = text[number - 1] ?? "";
  const strip = (part) => part.trim().replace(/ \{$/, "");
  if (!line.startsWith(" ")) {
    return strip(line);
  }
  const parent = text.slice(0, number - 1).findLast((other) => /^\w/.test(other)) ?? "";
  return `${strip(parent)} > ${strip(line)}`;
}
