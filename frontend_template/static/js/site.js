/* On every page: the service worker, and the menu's manners. Pages work without. */

import { closeMenus } from "./parts/menu.js";
import { registerWorker } from "./parts/worker.js";

closeMenus();
registerWorker();
