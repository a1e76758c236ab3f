/* The chat of a page, begun as soon as the page is read. Without this the page says that it needs it. */

import { mount } from "./parts/chat.js";

for (const section of document.querySelectorAll("[data-chat]")) mount(section).start();
