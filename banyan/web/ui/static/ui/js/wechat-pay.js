/* Pays through the bridge that WeChat's own browser gives to pages. What the bridge says is only
   shown: whether it is paid is asked of the server, which asks WeChat Pay. */
const box = document.getElementById("wechat-pay");
const asked = JSON.parse(document.getElementById("payment-client").textContent);
const said = box.querySelector("[data-said]");
const button = box.querySelector("[data-pay]");
const PATIENCE_MS = 3000;

function show(text, payable) {
  said.textContent = text;
  button.hidden = !payable;
}

function pay() {
  button.hidden = true;
  window.WeixinJSBridge.invoke("getBrandWCPayRequest", asked, ({ err_msg: end }) => {
    if (end === "get_brand_wcpay_request:ok") {
      show(box.dataset.checking, false);
      location.replace(box.dataset.return);
    } else if (end === "get_brand_wcpay_request:cancel") {
      show(box.dataset.cancelled, true);
    } else {
      show(box.dataset.failed, true);
    }
  });
}

function begin() {
  button.addEventListener("click", pay);
  // Who has come back may have paid: a second sheet would frighten them.
  if ("back" in box.dataset) show(box.dataset.checking, true);
  else pay();
}

if (window.WeixinJSBridge) {
  begin();
} else {
  const missing = setTimeout(() => {
    document.removeEventListener("WeixinJSBridgeReady", ready);
    show(box.dataset.missing, false);
  }, PATIENCE_MS);
  const ready = () => {
    clearTimeout(missing);
    begin();
  };
  document.addEventListener("WeixinJSBridgeReady", ready, { once: true });
}
