/* Small behaviours on data- attributes; every page works without them.
   id for meaning, class for looks, data- for behaviour. */
const doc = document;
const $ = (selector, root = doc) => root.querySelector(selector);
const $$ = (selector, root = doc) => [...root.querySelectorAll(selector)];

/** Say something once: seen as a toast, read out by the one polite live region. */
export function say(text) {
  const box = $("#live");
  if (!box || !text) return;
  const toast = doc.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  box.append(toast);
  setTimeout(() => toast.remove(), 5000);
}

async function copy(button) {
  const field = $(button.dataset.copy);
  const text = field ? field.value ?? field.textContent : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text.trim());
  } catch {
    if (!field?.select) return;
    field.select();
    if (!doc.execCommand("copy")) return;
  }
  say(button.dataset.done);
}

async function sendOn({ shareUrl, shareTitle, shareText }) {
  try {
    await navigator.share({ url: shareUrl, title: shareTitle, text: shareText || undefined });
  } catch { /* closed by the person */ }
}

/* theme and language: the form works alone; the theme also changes without a new page */
function prefer(button, event) {
  if (button.name !== "theme") return;
  event.preventDefault();
  const { form, value } = button;
  if (!value) delete doc.documentElement.dataset.theme;
  else doc.documentElement.dataset.theme = value;
  for (const other of $$("[name=theme]", form)) other.setAttribute("aria-pressed", other === button);
  const body = new URLSearchParams(new FormData(form));
  body.set("theme", value);
  fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
}

function step(button) {
  const input = $("input", button.closest("[data-stepper]"));
  const before = input.value;
  if (button.dataset.step > 0) input.stepUp();
  else input.stepDown();
  if (input.value !== before) input.dispatchEvent(new Event("change", { bubbles: true }));
}
function stepped(input) {
  const box = input.closest("[data-stepper]");
  const [less, more] = $$("[data-step]", box);
  less.disabled = +input.value <= +input.min;
  more.disabled = input.max !== "" && +input.value >= +input.max;
}

/* ---- staged upload: a file goes up when chosen, the form carries its token ---- */
const waiting = [];
let sending = false;

function retool(box) {
  const items = $$(".staged > li", box);
  items.forEach((item, place) => {
    $('[data-move="-1"]', item).disabled = place === 0;
    $('[data-move="1"]', item).disabled = place === items.length - 1;
  });
  const busy = items.some((item) => item.dataset.state === "up");
  const form = box.closest("form");
  if (form) form.dataset.uploading = busy ? "1" : "";
}

function stage(box, files) {
  const list = $(".staged", box);
  for (const file of files) {
    if (list.children.length >= +box.dataset.max) {
      say($("[data-full]", box).innerHTML.trim());
      break;
    }
    const item = $("[data-item]", box).content.firstElementChild.cloneNode(true);
    $(".name", item).textContent = file.name;
    item.file = file;
    list.append(item);
    queue(box, item);
  }
}

function queue(box, item) {
  item.dataset.state = "up";
  $(".why", item).hidden = true;
  $("[data-retry]", item).hidden = true;
  $("progress", item).hidden = false;
  retool(box);
  waiting.push([box, item]);
  pump();
}

/* One by one: on a slow network the first is there while the others wait. */
function pump() {
  while (!sending && waiting.length) {
    const [box, item] = waiting.shift();
    if (!item.isConnected) continue;
    sending = true;
    send(box, item).then(
      (answer) => accept(box, item, answer),
      (error) => refuse(box, item, error.message),
    ).finally(() => {
      sending = false;
      retool(box);
      pump();
    });
  }
}

/* fetch reports no upload progress, so this is the one place for XMLHttpRequest */
function send(box, item) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", item.file);
    item.request = request;
    request.open("POST", box.dataset.uploadUrl);
    request.setRequestHeader("X-CSRFToken", box.dataset.csrf);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) $("progress", item).value = (event.loaded / event.total) * 100;
    };
    request.onload = () => {
      const answer = request.response || {};
      if (request.status < 300 && answer.token) resolve(answer);
      else reject(new Error(answer.detail || answer.title || ""));
    };
    request.onerror = () => reject(new Error(""));
    request.onabort = request.onerror;
    request.send(body);
  });
}

function accept(box, item, answer) {
  const token = doc.createElement("input");
  Object.assign(token, { type: "hidden", name: box.dataset.name, value: answer.token });
  const picture = doc.createElement("img");
  Object.assign(picture, { src: answer.thumb_url, alt: answer.alt || item.file.name, width: 132, height: 132 });
  $("progress", item).remove();
  $(".shot", item).append(picture);
  item.append(token);
  const alt = $(".alt", item);
  if (alt) {
    alt.hidden = false;
    Object.assign($("input", alt), { name: `${box.dataset.name}_alt_${answer.token}`, value: answer.alt || "" });
  }
  item.dataset.state = "done";
  item.dataset.token = answer.token;
  say($("[data-done]", box).innerHTML.trim());
  box.dispatchEvent(new CustomEvent("banyan:staged", { bubbles: true, detail: answer }));
}

function refuse(box, item, why) {
  item.dataset.state = "refused";
  $("progress", item).hidden = true;
  $("[data-retry]", item).hidden = false;
  const told = $(".why", item);
  told.hidden = false;
  told.textContent = why || $("[data-failed]", box).innerHTML.trim();
  say(`${item.file.name}: ${told.textContent}`);
}

function uploadTool(button) {
  const box = button.closest("[data-upload-url]");
  const item = button.closest("li");
  if (button.matches("[data-retry]")) return queue(box, item);
  if (button.matches("[data-remove]")) {
    item.request?.abort();
    const next = item.nextElementSibling || item.previousElementSibling;
    item.remove();
    (next ? $("[data-remove]", next) : $("input[type=file]", box)).focus();
  } else if (button.dataset.move > 0) item.nextElementSibling?.after(item);
  else item.previousElementSibling?.before(item);
  retool(box);
  if (item.isConnected) (button.disabled ? $("[data-move]:not(:disabled)", item) : button)?.focus();
}

/* ---- product tags: a tap sets the numbers, the numbers move the dot ---- */
function placeAt(box, event) {
  const frame = $(".placer", box).getBoundingClientRect();
  const [x, y] = $$("input[type=number]", box);
  x.value = Math.round(((event.clientX - frame.left) / frame.width) * 100);
  y.value = Math.round(((event.clientY - frame.top) / frame.height) * 100);
  placed(box);
}
function placed(box) {
  const [x, y] = $$("input[type=number]", box).map((input) => Math.min(100, Math.max(0, +input.value)));
  for (const dot of $$("circle", box)) {
    dot.setAttribute("cx", `${x}%`);
    dot.setAttribute("cy", `${y}%`);
  }
}

/* ---- countdowns: the server's clock wins over the device's ---- */
const offset = +(doc.documentElement.dataset.now || 0) ? +doc.documentElement.dataset.now - Date.now() : 0;
function tick() {
  for (const clock of $$("[data-deadline]")) {
    const left = Math.max(0, Math.floor((Date.parse(clock.dataset.deadline) - Date.now() - offset) / 1000));
    const two = (n) => String(n).padStart(2, "0");
    const days = Math.floor(left / 86400);
    const rest = `${two(Math.floor((left % 86400) / 3600))}:${two(Math.floor((left % 3600) / 60))}:${two(left % 60)}`;
    clock.textContent = left ? `${days ? `${days}${clock.dataset.day} ` : ""}${rest}` : clock.dataset.done || rest;
    if (!left) {
      clock.removeAttribute("data-deadline");
      clock.dispatchEvent(new CustomEvent("banyan:over", { bubbles: true }));
    }
  }
}

/* ---- live fragments: the stream says "look again", the page fetches and swaps by id.
   A cut stream falls back to a look every ten seconds; a busy one is answered at a pace that the
   server can keep: a pause of twice the last answer's time. ---- */
const CUT = 35000;
let source, heard = 0, listened = "";
const boxes = () => $$("[data-live-refresh]");
const topicsOf = (box) => (box.dataset.live || "").split(".")[0];

async function refresh(box) {
  const now = Date.now();
  if (box.looking || now < box.rests) {
    box.again = true;
    if (!box.looking) box.wait ||= setTimeout(() => { box.wait = 0; box.again && refresh(box); }, box.rests - now);
    return;
  }
  box.again = false;
  box.looking = true;
  try {
    const answer = await fetch(box.dataset.liveRefresh, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
    if (answer.ok && answer.status !== 204) swap(box, await answer.text());
  } catch { /* the next event or poll tries again */ }
  box.looking = false;
  box.rests = Date.now() + Math.max(200, 2 * (Date.now() - now));
  if (box.again) refresh(box);
}
function swap(box, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const names = (box.dataset.liveTargets || box.id).split(/\s+/).filter(Boolean);
  for (const name of names) {
    const old = doc.getElementById(name);
    const next = fresh.getElementById(name);
    if (!old || !next) continue;
    if (old === box) {
      for (const key of ["live", "liveRefresh", "say"]) {
        if (key in next.dataset) box.dataset[key] = next.dataset[key];
        else delete box.dataset[key];
      }
      if (old.innerHTML.trim() === next.innerHTML.trim()) continue;
      freshen(old, next);
      old.replaceChildren(...next.childNodes);
    } else if (!old.isEqualNode(next)) {
      freshen(old, next);
      old.replaceWith(next);
    } else continue;
    const now = doc.getElementById(name);
    window.htmx?.process(now);
    if (box.dataset.liveSay !== undefined) say(now.dataset.say);
  }
  tick();
  listen();
}
/* what somebody opened stays open; what was not there before may show that it is new */
const fold = (one) => one.closest("[id]").id + $("summary", one).textContent;
function freshen(old, next) {
  const open = new Set($$("details[open]", old).map(fold));
  for (const one of $$("details", next)) one.open ||= open.has(fold(one));
  const known = new Set($$("[data-node]", old).map((node) => node.dataset.node));
  if (known.size) for (const node of $$("[data-node]", next)) if (!known.has(node.dataset.node)) node.classList.add("new");
}
function told({ data }) {
  heard = Date.now();
  if (data === "*") setTimeout(() => boxes().forEach(refresh), Math.random() * 2000);
  else {
    const topics = Object.keys(JSON.parse(data));
    for (const box of boxes()) if (topics.some((topic) => topicsOf(box).split("~").includes(topic))) refresh(box);
  }
}
function listen() {
  const wanted = boxes().filter((box) => box.dataset.live);
  const topics = wanted.map(topicsOf).join();
  const open = source && source.readyState < 2;
  if (!doc.body.dataset.liveUrl || !window.EventSource || (open && topics === listened)) return;
  source?.close();
  listened = topics;
  if (!topics) return;
  const query = [...new Set(wanted.map((box) => `t=${encodeURIComponent(box.dataset.live)}`))].join("&");
  source = new EventSource(`${doc.body.dataset.liveUrl}?${query}`, { withCredentials: true });
  source.addEventListener("beat", () => { heard = Date.now(); });
  source.addEventListener("tick", told);
  source.addEventListener("renew", () => { source.close(); boxes().forEach(refresh); });
}
setInterval(() => {
  if (!doc.hidden && Date.now() - heard > CUT) boxes().forEach(refresh);
}, 10000);

/* ---- double submit: a button rests until the answer, or until the page comes back ---- */
function guard(event) {
  const { target: form, submitter } = event;
  if (form.method === "dialog" || event.defaultPrevented) return;
  if (form.dataset.uploading || form.dataset.sent) { event.preventDefault(); return; }
  if (form.matches("[hx-post], [hx-get], [data-prefs]")) return;
  form.dataset.sent = "1";
  setTimeout(() => submitter?.setAttribute("aria-busy", "true"));
}
function release() {
  for (const form of $$("form[data-sent]")) delete form.dataset.sent;
  for (const button of $$("[aria-busy=true]")) button.removeAttribute("aria-busy");
}

/* ---- one listener a kind of event, for what is there now and what comes later ---- */
const clicks = [
  ["[data-copy]", copy],
  ["[data-share-url]", (el) => sendOn(el.dataset)],
  ["[data-prefs] button", prefer],
  ["[data-step]", step],
  ["[data-upload-url] .tools button", uploadTool],
  ["[data-placer] .placer", (el, event) => placeAt(el.closest("[data-placer]"), event)],
];
doc.addEventListener("click", (event) => {
  for (const [selector, act] of clicks) {
    const found = event.target.closest(selector);
    if (found) act(found, event);
  }
});
doc.addEventListener("focusin", ({ target }) => target.matches("[data-select]") && target.select());
doc.addEventListener("change", ({ target }) => {
  if (target.matches("[data-upload-url] input[type=file]")) {
    stage(target.closest("[data-upload-url]"), [...target.files].filter((file) => file.size));
    target.value = "";
  } else if (target.matches("[data-stepper] input")) {
    stepped(target);
    if (target.closest("[data-submit]")) target.form?.requestSubmit();
  } else if (target.closest("[data-choose]")) target.form?.requestSubmit();
});
doc.addEventListener("input", ({ target }) => target.matches("[data-placer] input") && placed(target.closest("[data-placer]")));
for (const kind of ["dragover", "dragleave", "drop"]) doc.addEventListener(kind, (event) => {
  const drop = event.target.closest?.(".drop");
  if (!drop) return;
  event.preventDefault();
  drop.classList.toggle("over", kind === "dragover");
  if (kind === "drop") stage(drop.closest("[data-upload-url]"), [...event.dataTransfer.files]);
});
/* a menu that lies over the page goes with a tap beside it, and with Escape */
for (const kind of ["click", "keydown"]) doc.addEventListener(kind, ({ key, target }) => {
  const menu = $(".rail-menu[open]");
  if (!menu || (key ? key !== "Escape" : menu.contains(target))) return;
  menu.open = false;
  if (key) menu.firstElementChild.focus();
});
doc.addEventListener("submit", guard);
addEventListener("pageshow", release);

doc.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.getResponseHeader("HX-Retarget")) return;
  const told = new DOMParser().parseFromString(detail.xhr.responseText || "", "text/html");
  say(told.querySelector(".notice h3, .notice")?.textContent.trim() || doc.body.dataset.busy);
});
doc.addEventListener("htmx:sendError", () => say(doc.body.dataset.offline));
doc.addEventListener("htmx:beforeRequest", () => $("#live-problem")?.replaceChildren());
doc.addEventListener("htmx:beforeSwap", ({ detail }) => {
  /* a refusal that names its place (HX-Retarget) is shown there */
  if (detail.isError && detail.xhr.getResponseHeader("HX-Retarget")) detail.shouldSwap = true;
  const link = detail.requestConfig?.elt;
  if (link?.matches?.("[data-more]") && doc.activeElement === link) {
    const above = link.closest(".more")?.previousElementSibling;
    doc.addEventListener("htmx:afterSettle", () => above?.nextElementSibling?.querySelector("a[href]")?.focus(), { once: true });
  }
});

/** Put the reader's place, to a hundredth of a degree, into the form; go on where it is a search. */
function place(button) {
  const form = button.form;
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    form.elements.lat.value = coords.latitude.toFixed(2);
    form.elements.lon.value = coords.longitude.toFixed(2);
    if ("placeAsk" in button.dataset) form.requestSubmit();
    else say(button.dataset.done);
  }, () => say(doc.body.dataset.busy));
}
doc.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-place-ask], [data-place-fill]");
  if (button) place(button);
});

function wake(root = doc) {
  if (navigator.geolocation) for (const one of $$("[data-place-ask], [data-place-fill]", root)) one.hidden = false;
  for (const input of $$("[data-stepper] input", root)) stepped(input);
  for (const box of $$("[data-upload-url]", root)) retool(box);
  if (navigator.share) for (const button of $$("[data-share-url]", root)) button.hidden = false;
  listen();
  tick();
}
doc.addEventListener("htmx:load", ({ detail }) => wake(detail.elt));
wake();
/* a row of tabs shows the one that the page is */
for (const tab of $$(".tabs [aria-current], .chips-scroll [aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft + tab.offsetWidth - row.offsetLeft - row.clientWidth + 40;
}
/* the list of a refused form says which field each word is about; where there is none it is no link */
for (const link of $$(".errors a[href^='#']")) {
  const label = $(`label[for="${link.hash.slice(1)}"]`)?.firstChild.textContent.trim();
  if (!doc.getElementById(link.hash.slice(1))) link.replaceWith(...link.childNodes);
  else if (label && !link.textContent.startsWith(label)) link.prepend(`${label}: `);
}
$("[data-focus]")?.focus();
setInterval(tick, 1000);

const talk = $("#talk");
if (talk) import("./chat.js").then(({ converse }) => converse(talk, say, swap));

/* The worker keeps pages for when there is no connection; a browser is told things only if asked. */
const { worker } = doc.body.dataset;
if (worker && navigator.serviceWorker) {
  addEventListener("load", () => navigator.serviceWorker.register(worker).catch(() => {}));
  const asks = $$("[data-push]");
  if (asks.length && window.PushManager) import("./push.js").then(({ offer }) => asks.forEach((form) => offer(form, say)));
}
