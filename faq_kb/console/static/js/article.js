// The article that is open: what is typed, what the gateway has of it, and bringing the two together. Nothing typed is lost.
import { ApiError } from "/page/static/js/server.js";
import { Signals } from "/page/static/js/signals.js";
import { changed, differences, merge, normal, valueAt } from "./content.js";

const SAVE_PAUSE_MS = 1200;
const RETRY_MS = 4000;
const NEWER_MS = 5000;

/** Events: loaded, fields (paths that changed by another hand), typed (one path), state, conflict. */
export class Article extends Signals {
  content = normal(null);
  /** What of `content` the gateway is known to have. */
  saved = normal(null);
  published = null;
  draft = null;
  category = "";
  editors = [];
  revisions = [];
  /** saved, typing, saving, offline, refused */
  saving = "saved";
  problem = null;
  conflict = null;
  /** The question of a customer that this edit is to answer, if it began from one. */
  missId = null;
  isLoaded = false;
  #timer = null;
  #newer = null;
  #inFlight = null;
  #isClosed = false;
  #version = 0;

  constructor({ api, unsaved, id, isNew = false, category = "" }) {
    super();
    Object.assign(this, { api, unsaved, id, isNew, category });
  }

  get isChanged() {
    return this.draft !== null || this.#isDirty;
  }

  get #isDirty() {
    return differences(this.content, this.saved).length > 0 || this.category !== this.savedCategory;
  }

  /** published, draft, review, scheduled, new or deletes */
  get state() {
    if (this.draft?.deletes) return "deletes";
    if (this.draft && this.draft.state !== "draft") return this.draft.state;
    if (!this.published) return "new";
    return this.isChanged ? "draft" : "published";
  }

  /** Where the differences to what customers see now lie. */
  get changes() {
    return differences(this.published, this.content);
  }

  async open() {
    if (this.isNew && !this.unsaved.of(this.id)) this.savedCategory = null;
    else {
      try {
        this.#take(await this.api.article(this.id));
        this.isNew = false;
      } catch (error) {
        if (error.status !== 404 || !this.unsaved.of(this.id)) throw error;
        this.isNew = true;
        this.savedCategory = null;
      }
    }
    this.#takeUpUnsaved();
    this.isLoaded = true;
    this.emit("loaded");
    this.#watch();
  }

  close() {
    this.#isClosed = true;
    this.#rest();
    if (this.#isDirty && this.saving !== "refused" && !this.conflict) this.save().catch(() => {});
  }

  #take(answer) {
    this.published = answer.published && normal(answer.published);
    this.draft = answer.draft;
    this.source = answer.source;
    this.line = answer.line;
    this.editors = answer.editors ?? [];
    this.revisions = answer.revisions ?? [];
    this.#version = answer.draft?.version ?? 0;
    this.saved = written(answer);
    this.content = this.saved;
    this.savedCategory = answer.draft?.category ?? answer.category;
    this.category = this.savedCategory;
  }

  #takeUpUnsaved() {
    const kept = this.unsaved.of(this.id);
    if (!kept) return;
    const { content, conflicts } = merge(kept.saved, kept.content, this.saved);
    this.content = content;
    this.category = kept.category || this.category;
    this.hasRestored = this.#isDirty;
    if (conflicts.length && kept.draftVersion !== this.#version) this.#disagree(conflicts, this.saved, this.draft?.updated_by, this.#version);
    else if (this.hasRestored) this.#saveSoon();
    else this.unsaved.forget(this.id);
  }

  // Typing

  set(path, value) {
    this.content = changed(this.content, path, value);
    this.#typed(path);
  }

  setCategory(category) {
    this.category = category;
    this.#typed("category");
  }

  #typed(path) {
    if (this.#isDirty) this.unsaved.keep(this.id, { content: this.content, saved: this.saved, category: this.category, draftVersion: this.#version });
    else this.unsaved.forget(this.id);
    this.emit("typed", path);
    if (this.conflict) return;
    this.#is(this.#isDirty ? "typing" : "saved");
    this.#saveSoon();
  }

  #saveSoon(pause = SAVE_PAUSE_MS) {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => this.save().catch(() => {}), pause);
  }

  // Saving

  /** Resolves when the gateway has all that is typed; rejects when it has not. */
  async save() {
    clearTimeout(this.#timer);
    while (this.#inFlight) await this.#inFlight;
    if (!this.#isDirty) return;
    if (this.conflict) throw new ApiError(409, { code: "edit_conflict" });
    this.#inFlight = this.#saveNow().finally(() => (this.#inFlight = null));
    await this.#inFlight;
    if (this.#isDirty) await this.save();
  }

  async #saveNow() {
    const sent = normal(this.content);
    const { category } = this;
    this.#is("saving");
    try {
      const answer = await this.api.saveDraft(this.id, { category, content: sent, draft_version: this.#version, base: this.draft?.base ?? this.published, seen: this.saved, miss_id: this.missId });
      this.#saved(answer.draft ?? answer, sent, category);
    } catch (error) {
      this.problem = error;
      if (error.code === "edit_conflict") this.#disagree(error.details.fields, normal(error.details.theirs), error.details.theirs_by, error.details.draft_version);
      else if (error.isPassing || error.status === 401) {
        this.#is("offline");
        this.#saveSoon(RETRY_MS);
      } else this.#is("refused");
      throw error;
    }
  }

  #saved(draft, sent, category) {
    this.draft = draft;
    this.isNew = false;
    this.#version = draft.version;
    this.savedCategory = category;
    const theirs = normal(draft.content);
    const { conflicts } = this.#join(sent, theirs);
    if (conflicts.length) this.#disagree(conflicts, theirs, draft.updated_by, draft.version);
    else this.#kept();
  }

  /** Puts what others wrote beside what is typed here. `base` is what both began from. */
  #join(base, theirs) {
    const before = this.content;
    const { content, conflicts } = merge(base, before, theirs);
    if (conflicts.length) return { conflicts };
    this.saved = theirs;
    this.content = content;
    const paths = differences(before, content);
    if (paths.length) this.emit("fields", paths);
    return { conflicts };
  }

  #kept() {
    this.problem = null;
    if (this.#isDirty) this.unsaved.keep(this.id, { content: this.content, saved: this.saved, category: this.category, draftVersion: this.#version });
    else this.unsaved.forget(this.id);
    this.#is(this.#isDirty ? "typing" : "saved");
    if (this.#isDirty) this.#saveSoon();
  }

  #is(saving) {
    this.saving = saving;
    this.emit("state");
  }

  // Two editors at once

  async #lookForNewer() {
    if (this.isNew || this.#inFlight || document.hidden) return;
    const version = this.#version;
    try {
      const answer = await this.api.article(this.id);
      if (this.#isClosed || this.#inFlight || version !== this.#version) return;
      this.editors = answer.editors ?? [];
      if ((answer.draft?.version ?? 0) !== version) this.#newerCame(answer);
      this.emit("state");
    } catch (error) {
      if (!error.isPassing && error.status !== 401 && error.status !== 404) throw error;
    }
  }

  #newerCame(answer) {
    const theirs = written(answer);
    const { conflicts } = this.#join(this.saved, theirs);
    if (conflicts.length) return this.#disagree(conflicts, theirs, answer.draft?.updated_by ?? "", answer.draft?.version ?? 0);
    this.published = answer.published && normal(answer.published);
    this.draft = answer.draft;
    this.revisions = answer.revisions ?? [];
    this.#version = answer.draft?.version ?? 0;
    this.#kept();
  }

  /** `common` is what the gateway has, on which the settled text is put: usually theirs. */
  #disagree(fields, theirs, by, draftVersion, common = theirs) {
    const paths = fields.flatMap((field) => differences(this.content, theirs).filter((path) => path === field || path.startsWith(`${field}.`)));
    this.conflict = { paths, theirs, common, by, draftVersion };
    this.#is("conflict");
    this.emit("conflict");
    // Only what cannot be put side by side, as a deletion: the text that somebody is writing stays.
    if (paths.length === 0) this.settle({}).catch(() => {});
  }

  /** The file was changed under the draft: the gateway has put the draft on top of it, all but these fields. */
  async overtaken({ fields, theirs, theirs_by: by, draft_version: draftVersion }) {
    this.#take(await this.api.article(this.id));
    this.emit("loaded");
    this.#disagree(fields, normal(theirs), by, draftVersion, this.saved);
  }

  /** `choices[path]` is "mine" or "theirs", for every path of the conflict. */
  async settle(choices) {
    const { theirs, common, draftVersion } = this.conflict;
    const before = this.content;
    let { content } = merge(this.saved, before, common);
    for (const [path, choice] of Object.entries(choices)) if (choice === "theirs") content = changed(content, path, valueAt(theirs, path));
    this.content = content;
    this.saved = common;
    this.#version = draftVersion;
    this.conflict = null;
    this.emit("fields", differences(before, content));
    this.#kept();
    await this.save();
  }

  // What else can be done with it

  async discard() {
    while (this.#inFlight) await this.#inFlight.catch(() => {});
    await this.#atRest(() => this.draft && this.api.discardDraft(this.id, this.#version));
    this.unsaved.forget(this.id);
  }

  publish() {
    return this.#atRest(() => this.api.publish(this.id, this.#version));
  }

  async rename(to) {
    await this.save();
    await this.#atRest(() => this.api.rename(this.id, to));
  }

  async reload() {
    this.#take(await this.api.article(this.id));
    this.conflict = null;
    this.unsaved.forget(this.id);
    this.#is("saved");
    this.emit("loaded");
    this.#watch();
  }

  /** Does what may end this article: nobody looks for it meanwhile, nor afterwards unless it is loaded again. */
  async #atRest(deed) {
    this.#rest();
    try {
      return await deed();
    } catch (error) {
      this.#watch();
      throw error;
    }
  }

  #watch() {
    clearInterval(this.#newer);
    if (!this.#isClosed) this.#newer = setInterval(() => this.#lookForNewer(), NEWER_MS);
  }

  #rest() {
    clearInterval(this.#newer);
    clearTimeout(this.#timer);
  }
}

/** What stands in the fields: the draft, and where that only deletes, what it deletes. */
const written = ({ draft, published }) => normal(draft && !draft.deletes ? draft.content : published);
