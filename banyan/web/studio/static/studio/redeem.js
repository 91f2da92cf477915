/* The till without a network: codes are kept on this device and sent when the network is back.
   The page works without this; on line the form is sent as it is. */
const till = document.querySelector("[data-till]");
const form = till.querySelector("[data-till-form]");
const state = till.querySelector("[data-till-state]");
const list = till.querySelector("[data-till-queue]");
const send = till.querySelector("[data-till-send]");

const ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const LENGTH = 17;
const name = (what) => `till:${till.dataset.till}:${what}`;
const load = (what, otherwise) => JSON.parse(localStorage.getItem(name(what)) ?? "null") ?? otherwise;
const keep = (what, value) => localStorage.setItem(name(what), JSON.stringify(value));

function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function device() {
  const known = load("device", null) ?? randomName();
  keep("device", known);
  return known;
}

/** Read a code as the server does; null when it is mistyped. */
function read(text) {
  const last = text.trim().split("?")[0].replace(/\/+$/, "").split("/").pop();
  const code = last.toUpperCase().replace(/[^0-9A-Z]/g, "");
  if (code.length !== LENGTH + 1 || [...code].some((letter) => !ALPHABET.includes(letter))) return null;
  let sum = 0;
  for (let at = 0; at < LENGTH; at += 1) sum += (at + 1) * ALPHABET.indexOf(code[at]);
  return ALPHABET[sum % ALPHABET.length] === code[LENGTH] ? code : null;
}

async function digest(code) {
  if (!crypto.subtle) return null;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 32);
}

/** known, unknown or unlisted: what today's list says of a code. */
async function lookedUp(code) {
  const kept = load("list", null);
  const hash = await digest(code);
  if (!kept || !hash || new Date(kept.until) < new Date()) return "unlisted";
  return kept.codes.includes(hash) ? "known" : "unknown";
}

function draw() {
  const kept = load("list", null);
  state.textContent = !kept ? state.dataset.none
    : new Date(kept.until) < new Date() ? state.dataset.old
    : `${state.dataset.have} ${new Date(kept.made_at).toLocaleString()} (${kept.codes.length})`;
  const waiting = load("queue", []);
  send.hidden = !waiting.length;
  list.replaceChildren(...[...waiting, ...load("answers", [])].map(row));
}

function row(entry) {
  const item = document.createElement("p");
  item.dataset.result = entry.result ?? entry.seen;
  const code = document.createElement("code");
  code.textContent = entry.code;
  const where = [entry.at_told, entry.where, entry.by].filter(Boolean).join(" · ");
  item.append(code, ` ${entry.text ?? list.dataset[entry.seen]} `, where);
  return item;
}

async function collect(text) {
  const code = read(text);
  if (!code) return list.dataset.mistyped;
  const waiting = load("queue", []);
  if ([...waiting, ...load("answers", [])].some((entry) => entry.code === code)) return list.dataset.twice;
  const seen = await lookedUp(code);
  const place = form.elements.place.value;
  keep("queue", [...waiting, { key: randomName(), code, place, at: new Date().toISOString(), seen }]);
  draw();
  return list.dataset[seen];
}

let sending = false;
async function sync() {
  const waiting = load("queue", []).slice(0, 200);
  if (sending || !waiting.length || !navigator.onLine) return;
  sending = true;
  try {
    const answer = await fetch(till.dataset.sync, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": till.dataset.csrf },
      body: JSON.stringify({
        device: device(), now: new Date().toISOString(), list: load("list", {}).stamp ?? "",
        scans: waiting.map(({ key, code, at, place }) => ({ key, code, at, place })),
      }),
    });
    if (!answer.ok) return; // kept; the next try tells the same
    const told = new Map((await answer.json()).scans.map((one) => [one.key, one]));
    const done = waiting.filter((entry) => told.has(entry.key));
    keep("answers", [...done.map((entry) => {
      const { result, text, at, where, by } = told.get(entry.key);
      return { code: entry.code, result, text, at_told: at, where, by };
    }), ...load("answers", [])].slice(0, 50));
    keep("queue", load("queue", []).filter((entry) => !told.has(entry.key)));
  } catch { /* the network went again: everything is kept */ } finally {
    sending = false;
    draw();
  }
}

async function takeAlong() {
  try {
    const answer = await fetch(till.dataset.list, { headers: { Accept: "application/json" } });
    if (answer.ok) keep("list", await answer.json());
  } catch { /* no network */ }
  draw();
}

form.addEventListener("submit", async (event) => {
  if (navigator.onLine) return;
  event.preventDefault();
  state.textContent = await collect(form.elements.code.value);
  if (read(form.elements.code.value)) form.elements.code.value = "";
});
till.querySelector("[data-till-fetch]").addEventListener("click", takeAlong);
send.addEventListener("click", sync);
addEventListener("online", sync);
till.querySelector("[data-till-offline]").hidden = false;
draw();
sync();
