// Building our own client from its sources.
import { join } from "node:path";
import { command } from "./command.mjs";
import { clientFolder } from "./paths.mjs";

/** Runs Node.js in the folder of the client. */
export const inClient = (...args) => command(process.execPath, args, { cwd: clientFolder });

/** Compiles a project of it. */
export const compile = (project) => inClient(join("node_modules", "typescript", "bin", "tsc"), "--project", project);
