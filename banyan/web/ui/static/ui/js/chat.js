/* A conversation: the newest stays in sight, and words stand there at once, sent again on demand. */
const page = document.documentElement;
const toEnd = () => scrollTo(0, page.scrollHeight);

export function converse(box, say, swap) {
  let atEnd;
  const look = () => { atEnd = innerHeight + scrollY > page.scrollHeight - 160; };
  if (!location.hash) toEnd();
  look();
  addEventListener("scroll", look, { passive: true });
  new ResizeObserver(() => atEnd && toEnd()).observe(box); /* new words, and pictures that come */

  const form = document.querySelector("#say");
  if (!form) {
    /* whoever asked may write once they are let in */
    new MutationObserver(() => box.querySelector("[data-waits]") || location.reload()).observe(box, { childList: true });
    return;
  }
  const { body, key } = form.elements;
  const kept = `said:${location.pathname}`; /* what was written by somebody signed out meanwhile */
  body.value ||= sessionStorage.getItem(kept) || "";
  sessionStorage.removeItem(kept);
  const unsent = document.createElement("ol");
  unsent.className = "talk";
  let line = Promise.resolve(); /* one after another, in the order in which they were written */

  function stand(data) {
    const item = form.querySelector(":scope > template").content.firstElementChild.cloneNode(true);
    const [words, told] = item.querySelectorAll("p");
    const again = item.querySelector("button");
    const rest = (failed) => { told.hidden = failed; again.hidden = !failed; };
    words.innerText = data.get("body");
    again.addEventListener("click", () => { rest(false); queue(data, item, rest); });
    if (!unsent.isConnected) box.after(unsent);
    unsent.append(item);
    toEnd();
    queue(data, item, rest);
  }
  function queue(data, item, rest) {
    line = line.then(() => post(data, item)).catch(() => rest(true));
  }
  async function post(data, item) {
    data.set("first", new URL(box.dataset.liveRefresh, location).searchParams.get("first"));
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { "HX-Request": "true" } });
    const signIn = answer.headers.get("HX-Redirect");
    if (signIn) {
      sessionStorage.setItem(kept, data.get("body"));
      location.assign(signIn);
      return;
    }
    const html = await answer.text();
    const fresh = new DOMParser().parseFromString(html, "text/html");
    if (answer.ok && fresh.querySelector("#talk")) swap(box, html);
    else if (answer.status >= 400 && answer.status < 500) {
      /* refused: the words go back to where they were written */
      body.value ||= data.get("body");
      say(fresh.querySelector(".notice h3, .notice")?.textContent.trim() || document.body.dataset.busy);
    } else throw new Error(answer.status);
    item.remove();
    if (!unsent.children.length) unsent.remove();
  }

  form.addEventListener("submit", (event) => {
    const data = new FormData(form);
    /* pictures and goods go with a new page */
    if (!body.value.trim() || data.get("picture") || data.get("card") || form.dataset.uploading) return;
    event.preventDefault();
    stand(data);
    body.value = "";
    key.value = Date.now().toString(36) + Math.random().toString(36);
    body.focus();
  });
  body.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !matchMedia("(pointer: fine)").matches) return;
    event.preventDefault();
    form.requestSubmit();
  });
}
