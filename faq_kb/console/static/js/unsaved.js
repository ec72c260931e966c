// What an editor typed and the gateway does not have yet: kept in this browser over reloads, crashes and lost connections.
import { keysUnder, read, write } from "/page/static/js/storage.js";

const KEPT_DAYS = 30;

export class Unsaved {
  constructor(editorId) {
    this.prefix = `article.${editorId}.`;
    const oldest = Date.now() - KEPT_DAYS * 24 * 3600 * 1000;
    for (const key of keysUnder("article.")) if ((read(key)?.at ?? 0) < oldest) write(key, null);
  }

  /** `{content, saved, category, draftVersion}`: what was typed, on top of what; or null. */
  of(articleId) {
    return read(this.prefix + articleId);
  }

  keep(articleId, typed) {
    write(this.prefix + articleId, { ...typed, at: Date.now() });
  }

  forget(articleId) {
    write(this.prefix + articleId, null);
  }

  get articles() {
    return keysUnder(this.prefix).map((key) => key.slice(this.prefix.length));
  }
}
