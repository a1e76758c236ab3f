self.addEventListener("install", (event) => { event.waitUntil(caches.open(SITE.version)); });
