/* Checks a proof file in the browser, by the same rules as banyan/campaigns/verifier.py, which is
   where they can be read in a hundred lines. Nothing leaves this page. */
const utf8 = new TextEncoder();
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error("not hex");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
};
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const pairs = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
    return `{${pairs.join(",")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Error("not a whole number");
  return JSON.stringify(value);
}

const digest = async (bytes) => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
const sha = (value) => digest(utf8.encode(canonical(value)));

async function mac(key, bytes) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return (more) => crypto.subtle.sign("HMAC", imported, more ?? bytes).then((signed) => new Uint8Array(signed));
}

/* The bytes of HMAC(key, 0), HMAC(key, 1), ...; the counter has 8 bytes, the big end first. */
class Stream {
  static async of(seed, label) {
    const stream = new Stream();
    stream.sign = await mac(await (await mac(seed, utf8.encode(label)))());
    [stream.block, stream.at, stream.counter] = [new Uint8Array(), 0, 0];
    return stream;
  }

  async byte() {
    if (this.at === this.block.length) {
      const counter = new DataView(new ArrayBuffer(8));
      counter.setBigUint64(0, BigInt(this.counter++));
      [this.block, this.at] = [await this.sign(counter), 0];
    }
    return this.block[this.at++];
  }

  async below(limit) {
    if (!(Number.isSafeInteger(limit) && limit > 0)) throw new Error("nothing to choose from");
    const bits = limit === 1 ? 0 : (limit - 1).toString(2).length;
    const size = Math.ceil(bits / 8);
    for (;;) {
      let value = 0;
      for (let i = 0; i < size; i++) {
        const byte = await this.byte();
        value = value * 256 + (i ? byte : byte & (2 ** (bits - 8 * (size - 1)) - 1));
      }
      if (value < limit) return value;
    }
  }
}

async function order(things, weights, stream, many) {
  [things, weights] = [[...things], [...weights]];
  const [equal, found] = [weights.every((weight) => weight === 1), []];
  while (things.length && found.length < many) {
    let r = await stream.below(equal ? things.length : sum(weights));
    let i = equal ? r : 0;
    while (!equal && r >= weights[i]) r -= weights[i++];
    weights.splice(i, 1);
    found.push(...things.splice(i, 1));
  }
  return found;
}

async function lineCut(total, n, least, most, stream) {
  let [shares, spare] = [Array(n).fill(least), total - least * n];
  while (spare > 0) {
    const room = [...shares.keys()].filter((i) => shares[i] < most);
    const cuts = new Set([0]);
    while (cuts.size < room.length) cuts.add(1 + await stream.below(spare + room.length - 1));
    const edges = [...[...cuts].sort((a, b) => a - b), spare + room.length];
    room.forEach((share, i) => { shares[share] += edges[i + 1] - edges[i] - 1; });
    spare = sum(shares.map((share) => Math.max(0, share - most)));
    shares = shares.map((share) => Math.min(share, most));
  }
  return shares;
}

async function doubleMean(total, n, least, most, stream) {
  const shares = [];
  for (let people = n; people > 1; people--) {
    const low = Math.max(least, total - (people - 1) * most);
    const high = Math.min(most, Math.floor(2 * total / people) - least);
    shares.push(low + await stream.below(high - low + 1));
    total -= shares.at(-1);
  }
  return [...shares, total];
}

function front(total, n) {
  const after = (k) => k + Number((BigInt(total - n) * BigInt(k * (3 * n - k))) / BigInt(2 * n * n));
  return [...Array(n).keys()].map((k) => after(k + 1) - after(k));
}

const MAKERS = {
  "equal/1": ({ total, count }) => [...Array(count).keys()].map((k) => Math.floor(total / count) + (k < total % count)),
  "front/1": ({ total, count }) => front(total, count),
  "tiered/1": ({ tiers }) => tiers.flatMap(([value, many]) => Array(many).fill(value)),
  "line-cut/1": (t, stream) => lineCut(t.total, t.count, t.least, t.most, stream),
  "lucky/1": (t, stream) => lineCut(t.total - t.top, t.count - 1, t.least, t.most, stream),
  "double-mean/1": (t, stream) => doubleMean(t.total, t.count, t.least, t.most, stream),
};

async function parts(t, seed, file) {
  const stream = await Stream.of(seed, "parts");
  let made = await MAKERS[t.rule](t, stream);
  if (t.rule !== "equal/1" && t.rule !== "front/1") made = await order(made, made.map(() => 1), stream, t.count);
  if (t.rule === "lucky/1") made.splice(t.first - 1 + await stream.below(t.last - t.first + 1), 0, t.top);
  return [await sha([file.seed, file.result]) === file.published.parts, made];
}

async function turns(t, seed, file) {
  const prizes = new Map(t.prizes.map(([name, weight, stock, instead]) => [name, { weight, stock, instead }]));
  const total = sum(t.prizes.map(([, weight]) => weight));
  let [head, made] = [await sha(t), []];
  for (const [n, [who]] of file.result.entries()) {
    let r = await (await Stream.of(seed, `${n}|${who}`)).below(total);
    let [prize] = t.prizes.find(([, weight]) => (r -= weight) < 0);
    for (let tries = 0; tries < prizes.size && prizes.get(prize).stock === 0; tries++) prize = prizes.get(prize).instead;
    if (prizes.get(prize).stock) prizes.get(prize).stock--;
    head = await sha([head, n, who, prize]);
    made.push([who, prize]);
  }
  return [head === file.published.head, made];
}

async function root(entries) {
  if (entries.length < 2) return digest(utf8.encode(entries.map((entry) => `\0${entry.join("\n")}`).join("")));
  const half = 2 ** ((entries.length - 1).toString(2).length - 1);
  return digest(unhex(`01${await root(entries.slice(0, half))}${await root(entries.slice(half))}`));
}

/* As bytes are ordered, not as UTF-16 is. */
const byBytes = (a, b) => {
  const [left, right] = [utf8.encode(a), utf8.encode(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) if (left[i] !== right[i]) return left[i] - right[i];
  return left.length - right.length;
};

async function draw(t, seed, file) {
  const { entries, voids, randomness, signature: said, published } = file;
  const [names, weights] = [entries.map(([name]) => name), entries.map(([, weight]) => weight)];
  const gone = new Set(voids.map(([name]) => name));
  const proper = canonical(names) === canonical([...new Set(names)].filter((name) => !gone.has(name)).sort(byBytes));
  const top = await root(entries);
  const luck = said ? await digest(unhex(said)) : "";
  const kept = luck === randomness && (t.source === "beacon" || !said) && weights.every((weight) => weight >= 1);
  const frozen = top === published.root && await sha(voids) === published.voids;
  const many = sum(t.prizes.map(([, n]) => n)) + t.runners;
  const stream = await Stream.of(seed, `${top}|${randomness}|${t.subject}`);
  return [proper && kept && frozen, await order(names, weights, stream, many)];
}

/** What was looked at, and whether it is as it must be; throws on what is no such file. */
export async function verify(text) {
  const file = JSON.parse(text);
  const form = canonical(file) === text.replace(/\n+$/, "") && file.format === "banyan-proof/1";
  if (file.entry) {
    let node = await root([file.entry]);
    for (const [side, other] of file.steps) {
      node = await digest(unhex(`01${{ left: other + node, right: node + other }[side]}`));
    }
    return { form, frozen: node === file.published.root };
  }
  const [t, seed] = [file.terms, unhex(file.seed)];
  const [frozen, made] = await (file.voids ? draw : t.prizes ? turns : parts)(t, seed, file);
  return {
    form,
    seed: await digest(seed) === file.published.seed,
    terms: await sha(t) === file.published.terms,
    frozen,
    result: canonical(made) === canonical(file.result),
  };
}

const page = document.querySelector("[data-verify]");
const show = (verdict) => page.querySelectorAll("[data-verdict]").forEach((box) => { box.hidden = box.dataset.verdict !== verdict; });

async function check(text) {
  let checks;
  try { checks = await verify(text); } catch { show("none"); return; }
  for (const line of page.querySelectorAll("[data-check]")) {
    const good = checks[line.dataset.check];
    line.hidden = good === undefined;
    for (const words of line.querySelectorAll("[data-good]")) words.hidden = (words.dataset.good === "yes") !== good;
  }
  const rows = Object.entries(JSON.parse(text).published).map(([name, value]) => {
    const [row, term, code] = ["p", "span", "code"].map((tag) => document.createElement(tag));
    [term.textContent, code.textContent] = [`${name} `, value];
    row.append(term, code);
    return row;
  });
  page.querySelector("[data-published]").replaceChildren(...rows);
  show(Object.values(checks).every(Boolean) ? "good" : "wrong");
  page.querySelector("[data-looked]").hidden = false;
}

async function fetched(url) {
  const answer = await fetch(url);
  if (answer.ok) await check(await answer.text()); else show("none");
}

if (page && globalThis.crypto?.subtle) {
  page.querySelector("input").addEventListener("change", async ({ target }) => {
    if (target.files[0]) await check(await target.files[0].text());
  });
  if (page.dataset.verify) fetched(page.dataset.verify);
} else if (page) {
  show("cannot");
}
