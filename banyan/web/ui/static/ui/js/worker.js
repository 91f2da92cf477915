/* What the browser keeps for when there is no connection, and what it shows when told.
   BUILD stands above: version ("" ends this worker for good), files, offline, icon. */
const FILES = `files-${BUILD.version}`;
const PAGES = "pages";
const MOST = 30;
const PATIENCE = 3000;
const HOUR = 3_600_000;
/* Pages that anybody may see; what is about money or one person is never among them. */
const KEPT = /^\/(?:$|explore$|p\/|@|shop\/|store\/|c\/|g\/)/;
const LEAVES = /^\/(?:login|logout)\b/;
let asked = 0;

async function retire() {
  for (const name of await caches.keys()) await caches.delete(name);
  await self.registration.unregister();
}

self.addEventListener("install", (event) => {
  const ready = BUILD.version ? caches.open(FILES).then((cache) => cache.addAll(BUILD.files)) : Promise.resolve();
  event.waitUntil(ready.then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  if (!BUILD.version) return retire();
  for (const name of await caches.keys()) if (name !== FILES && name !== PAGES) await caches.delete(name);
  return self.clients.claim();
})()));

async function checkVersion() {
  if (Date.now() - asked < HOUR) return;
  asked = Date.now();
  const { version } = await (await fetch("/sw/version", { cache: "no-store" })).json();
  if (!version) await retire();
  else if (version !== BUILD.version) await self.registration.update();
}

function mayKeep(url, answer) {
  const stored = answer.headers.get("Cache-Control") || "";
  const page = (answer.headers.get("Content-Type") || "").startsWith("text/html");
  return KEPT.test(url.pathname) && answer.ok && answer.type === "basic" && !answer.redirected && page && !stored.includes("no-store");
}

/* What is not there any more is forgotten; trouble of ours, or too many questions, forget nothing. */
const isGone = (answer) => answer.status < 500 && answer.status !== 429;

async function keep(request, answer) {
  const cache = await caches.open(PAGES);
  await cache.delete(request.url);
  if (!answer) return;
  await cache.put(request.url, answer);
  const all = await cache.keys();
  for (const old of all.slice(0, Math.max(0, all.length - MOST))) await cache.delete(old);
}

function page(event, url) {
  const { request } = event;
  const answer = fetch(request);
  const copy = answer.then((found) => (mayKeep(url, found) ? found.clone() : isGone(found) ? null : undefined));
  event.waitUntil(copy.then((found) => found !== undefined && keep(request, found)).catch(() => {}));
  event.waitUntil(checkVersion().catch(() => {}));
  const kept = caches.open(PAGES).then((cache) => cache.match(request.url));
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE)).then(() => kept).then((found) => found || answer);
  return Promise.race([answer, late]).catch(async () => (await kept) || (await caches.match(BUILD.offline)) || Response.error());
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (!BUILD.version || url.origin !== self.location.origin) return;
  if (request.method !== "GET") {
    if (LEAVES.test(url.pathname)) event.waitUntil(caches.delete(PAGES));
  } else if (BUILD.files.includes(url.pathname) && url.pathname !== BUILD.offline) {
    event.respondWith(caches.match(request).then((found) => found || fetch(request)));
  } else if (request.mode === "navigate") event.respondWith(page(event, url));
});

self.addEventListener("push", (event) => {
  const { title, body, tag, url } = event.data.json();
  event.waitUntil(self.registration.showNotification(title, { body, tag, icon: BUILD.icon, data: { url } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data.url, self.location.origin);
  if (url.origin === self.location.origin) event.waitUntil(self.clients.openWindow(url.href));
});
