/* The one policy by which addresses become scripts: the service worker, and the worker of the vendored hls.js. */

const WORKERS = /^\/(?:sw\.js|assets\/vendor\/[a-z0-9/-]+\.worker\.[0-9a-f]{12}\.js)$/;

function known(address) {
  const { origin, pathname, search } = new URL(address, location.href);
  return origin === location.origin && !search && WORKERS.test(pathname);
}

const policy = globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL: (address) => (known(address) ? address : null),
});

/** The address as `register()` and `new Worker()` take it; TypeError for any other. */
export function scriptAddress(address) {
  return policy ? policy.createScriptURL(address) : address;
}

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
