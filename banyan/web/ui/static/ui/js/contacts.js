/* Contacts chosen on the telephone go into the field; they leave it when its owner sends the form. */
const button = document.querySelector("[data-contacts]");

async function choose() {
  const field = document.querySelector(button.dataset.contacts);
  try {
    const chosen = await navigator.contacts.select(["tel", "email"], { multiple: true });
    const found = chosen.flatMap(({ tel = [], email = [] }) => [...tel, ...email]);
    field.value = [field.value.trim(), ...found].filter(Boolean).join("\n");
    field.focus();
  } catch { /* closed by the person */ }
}

if (button && navigator.contacts?.select) {
  button.hidden = false;
  button.addEventListener("click", choose);
}
