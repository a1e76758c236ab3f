import { scriptAddress } from "./trusted.js";

/** Registers /sw.js, by the trusted types policy that lets it through. */
export function registerWorker() {
  if (!("serviceWorker" in navigator)) return;
  const register = () => {
    navigator.serviceWorker.register(scriptAddress("/sw.js")).catch(() => {
      // A private window may refuse: the site only loses its page for no network.
    });
  };
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
