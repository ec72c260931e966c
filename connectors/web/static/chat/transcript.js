/* The conversation as a file for the customer, in their language: downloaded, or by mail to an address that is known to be
 * theirs. */

import { h, icon } from "./dom.js";
import { way } from "./more.js";

export async function waysToSave(texts, session, tell) {
  const request = (options = {}, part = "") => session.fetch(`widget/transcript${part}?locale=${encodeURIComponent(texts.locale)}`, { token: session.token, ...options });
  // Without the mail there still is the download.
  const { addresses } = await request({}, "/addresses").then((response) => (response.ok ? response.json() : {})).catch(() => ({}));
  const download = async () => {
    try {
      await save(await request());
    } catch {
      tell({ message: texts.t("could_not_load") });
    }
  };
  const status = h("p", { class: "way-status", role: "status", "data-testid": "mail-status" });
  const mail = async ({ id, shown }, { currentTarget }) => {
    currentTarget.disabled = true;
    status.replaceChildren();
    const response = await request({ method: "POST", body: JSON.stringify({ to: id }) }).catch(() => null);
    if (response?.ok) return status.replaceChildren(h("span", { class: "contact-thanks" }, icon("check"), texts.t("mail_sent", { address: shown })));
    currentTarget.disabled = false;
    status.replaceChildren(texts.t(response?.status === 429 ? "mail_rate_limited" : "mail_failed"));
  };
  return [
    h("h3", {}, texts.t("save_chat")),
    h("ul", { class: "list" },
      way("save", "save-download", texts.t("save_download"), download),
      (addresses ?? []).map((one) => way("send", "save-mail", texts.t("save_by_mail", { address: one.shown }), (event) => mail(one, event)))),
    status,
  ];
}

async function save(response) {
  if (!response.ok) throw new Error(String(response.status));
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "chat.html";
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
