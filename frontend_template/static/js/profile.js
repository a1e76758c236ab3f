/* Comfort on one's profile: a picture made smaller and shown before it is sent, and shown once it is prepared. */

import { makeSmaller, watchPreparation } from "./parts/picture.js";

const picture = document.querySelector("form[data-picture]");
if (picture) makeSmaller(picture);

const preparing = document.querySelector("[data-preparing]");
if (preparing) watchPreparation(preparing.dataset.preparing);
