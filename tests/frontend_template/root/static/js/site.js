// The entry.
import { greet } from "./parts/greet.js";
greet(document);
import("./parts/later.js");
