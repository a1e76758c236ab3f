/* On every screen of the studio: keys, help, search, drafts. Everything works without. */

import { closeMenus } from "./parts/menu.js";
import { keepDrafts } from "./parts/studio-drafts.js";
import { listenForKeys } from "./parts/studio-keys.js";
import { answerWhileTyping } from "./parts/studio-search.js";

closeMenus();
keepDrafts();
listenForKeys();
answerWhileTyping();
