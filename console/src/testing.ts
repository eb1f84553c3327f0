/** For tests alone: they hold the page against what the daemon is built from. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A text of the repository. The build runs the tests elsewhere, and says where it is; `npm test` runs in console/. */
export const repositoryText = (path: string): string => readFileSync(join(process.env.TRAINYARD_SOURCE_DIR ?? "..", path), "utf8");
