// PostGraphile on the tables of the bench: the amber preset, the schema `public`, and nothing that watches, explains or edits.
//
// Told by the environment: DATABASE_URL, POOL (connections), PORT (0 takes a free one). Says the port on its first line.

import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ["public"],
      poolConfig: { max: Number(process.env.POOL) },
    }),
  ],
  gather: { pgStrictFunctions: false },
  schema: { defaultBehavior: "+connection +list" },
  grafserv: { watch: false, graphiql: false, graphiqlOnGraphQLGET: false },
  grafast: { explain: false },
};

const instance = postgraphile(preset).createServ(grafserv);
const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
instance.addTo(server).catch((error) => {
  console.error(error);
  process.exit(1);
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  console.log(server.address().port);
});
