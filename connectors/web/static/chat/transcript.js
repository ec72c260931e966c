/* The conversation as a file for the customer, in their language. */

export async function saveTranscript(session, locale) {
  const response = await session.fetch(`widget/transcript?locale=${encodeURIComponent(locale)}`, { token: session.token });
  if (!response.ok) throw new Error(String(response.status));
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "chat.html";
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
