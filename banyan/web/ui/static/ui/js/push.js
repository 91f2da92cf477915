/* A form by which a browser is told things; it shows only where the browser can, and asks only
   when it is pressed. */
export function offer(form, say) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { done, refused } = form.querySelector("button").dataset;
    subscribe(form).then(() => {
      form.hidden = true;
      say(done);
    }, () => say(refused));
  });
}

function written(buffer) {
  const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function subscribe(form) {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("refused");
  const { pushManager } = await navigator.serviceWorker.ready;
  const key = form.dataset.push;
  const known = await pushManager.getSubscription();
  if (known && written(known.options.applicationServerKey) !== key) await known.unsubscribe();
  const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = made.toJSON();
  const told = { endpoint, ...keys };
  for (const name of ["endpoint", "p256dh", "auth"]) form.elements[name].value = told[name];
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.action, { method: "POST", body });
  if (!answer.ok) throw new Error("not taken");
}
