/** Nobody is logged in here any more: what an account kept on this device goes (S24). Marks that wait hold no names and stay. */
import { openKeeping } from "../offline/keeping.js";

const keeping = await openKeeping();
await keeping?.vault.wipe((key) => key.resident).catch(() => {});
