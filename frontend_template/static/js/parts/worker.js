/** Registers /sw.js, the one script address that the trusted types policy lets through. */
export function registerWorker() {
  const policy = globalThis.trustedTypes?.createPolicy("default", {
    createScriptURL: (address) => (address === "/sw.js" ? address : null),
  });
  if (!("serviceWorker" in navigator)) return;
  const register = () => {
    navigator.serviceWorker.register(policy ? policy.createScriptURL("/sw.js") : "/sw.js").catch(() => {
      // A private window may refuse: the site only loses its page for no network.
    });
  };
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
