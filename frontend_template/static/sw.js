/* Offline, a page says so in its own language; what is fingerprinted is fetched once. Nothing personal is ever kept: not /api/, no page. */

const CACHE = `site-${SITE.version}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll([...new Set([...SITE.precache, ...Object.values(SITE.offline)])]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => offline(pathname)));
  else if (pathname.startsWith("/assets/")) event.respondWith(kept(request));
});

async function kept(request) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(request);
  if (found) return found;
  const response = await fetch(request);
  // A part of a file (206) cannot be kept, and an error must not be.
  if (response.status === 200) await cache.put(request, response.clone()).catch(() => {});
  return response;
}

async function offline(pathname) {
  const prefix = Object.keys(SITE.offline)
    .filter((start) => pathname.startsWith(start))
    .sort((one, other) => other.length - one.length)[0];
  return (await caches.match(SITE.offline[prefix])) ?? Response.error();
}
