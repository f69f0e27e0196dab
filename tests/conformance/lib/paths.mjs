// Where things are.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const here = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(dirname(here));
/** Everything that a run generates; git does not see it. */
export const out = join(here, "out");
export const schemaFile = join(root, "schema.graphql");
export const releasedFile = join(here, "released.graphql");
/** The client for live events, which is checked from its sources. */
export const clientFolder = join(root, "clients", "typescript");
