// Runs a program to its end; its output is shown only when it fails.
import { execFile } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { Problems } from "./problems.mjs";

export function command(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { timeout: 60_000, killSignal: "SIGKILL", maxBuffer: 64 * 1024 * 1024, ...options },
      (error, stdout, stderr) => {
        if (error) {
          const how = error.killed ? "was stopped: it took too long" : `ended with ${error.code}`;
          const said = [stdout, stderr].map((text) => stripVTControlCharacters(text).trim());
          reject(new Problems([`${program} ${args.join(" ")} ${how}`, ...said.filter(Boolean)]));
        } else {
          resolve(stdout);
        }
      },
    );
  });
}
