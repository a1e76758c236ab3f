/* On every page: the service worker, the menu's manners, and whether somebody is on air. Pages work without. */

import { closeMenus } from "./parts/menu.js";
import { registerWorker } from "./parts/worker.js";

closeMenus();
registerWorker();
const sign = document.querySelector("[data-live-state]");
if (sign) import("./parts/live-state.js").then(({ markWhenLive }) => markWhenLive(sign));
