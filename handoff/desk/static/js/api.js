// What the desk asks of the gateway.
import { Server, part } from "/page/static/js/server.js";
import { upload } from "/page/static/js/upload.js";

export class Api extends Server {
  inbox = () => this.#call("GET", "/inbox");
  conversations = (query) => this.#call("GET", `/conversations?${new URLSearchParams(query)}`);
  conversation = (id) => this.#call("GET", `/conversations/${part(id)}`);
  messagesAfter = (id, cursor) => this.#call("GET", `/conversations/${part(id)}/messages?after=${part(cursor)}`);
  messagesBefore = (id, first) => this.#call("GET", `/conversations/${part(id)}/messages?before=${part(first)}`);
  claimNext = () => this.#call("POST", "/tickets/next/claim", {});
  claim = (ticket) => this.#call("POST", `/tickets/${part(ticket)}/claim`, {});
  say = (id, message) => this.#call("POST", `/conversations/${part(id)}/messages`, message);
  /** `move` is one of close, release, handback, takeover. */
  move = (id, move) => this.#call("POST", `/conversations/${part(id)}/${move}`, {});
  setPresence = (presence) => this.#call("PUT", "/team/presence", { presence });
  attach = (id, file, onProgress) =>
    upload(this, `/desk/api/conversations/${part(id)}/attachments?${new URLSearchParams({ name: file.name })}`, file, onProgress);
  typing = (id, typing) => this.#call("POST", `/conversations/${part(id)}/typing`, { typing });
  sendAgain = (id) => this.#call("POST", `/messages/${part(id)}/send-again`, {});
  /** `wish.as` is not_asked_as (the article that answered is wrong), asked_as (`wish.article` is right) or new. */
  wrongAnswer = (id, wish) => this.#call("POST", `/messages/${part(id)}/wrong-answer`, wish);
  search = (query) => this.#call("GET", `/search?${new URLSearchParams(query)}`);
  views = () => this.#call("GET", "/views");
  saveView = (name, filters) => this.#call("POST", "/views", { name, filters });
  deleteView = (id) => this.#call("DELETE", `/views/${part(id)}`);
  preferences = () => this.#call("GET", "/preferences");
  prefer = (choices) => this.#call("PUT", "/preferences", choices);
  colleagues = () => this.#call("GET", "/colleagues");
  transfer = (id, to) => this.#call("POST", `/conversations/${part(id)}/transfer`, to);
  invite = (id, agent) => this.#call("POST", `/conversations/${part(id)}/guests`, { agent });
  sendAway = (id, agent) => this.#call("DELETE", `/conversations/${part(id)}/guests/${part(agent)}`);
  snooze = (id, until) => this.#call("POST", `/conversations/${part(id)}/snooze`, { until });
  seen = (id) => this.#call("POST", `/conversations/${part(id)}/seen`, {});
  tags = () => this.#call("GET", "/tags");
  tag = (id, name, colour) => this.#call("POST", `/conversations/${part(id)}/tags`, { name, colour });
  untag = (id, tag) => this.#call("DELETE", `/conversations/${part(id)}/tags/${part(tag)}`);
  window = (id) => this.#call("GET", `/conversations/${part(id)}/window`);
  templates = (id, locale) => this.#call("GET", `/conversations/${part(id)}/templates?${new URLSearchParams({ locale })}`);
  cannedReplies = () => this.#call("GET", "/canned-replies");
  addReply = (reply) => this.#call("POST", "/canned-replies", reply);
  changeReply = (id, reply) => this.#call("PUT", `/canned-replies/${part(id)}`, reply);
  removeReply = (id) => this.#call("DELETE", `/canned-replies/${part(id)}`);
  filledReply = (id, reply) => this.#call("GET", `/conversations/${part(id)}/canned-replies/${part(reply)}`);
  suggestions = (id) => this.#call("GET", `/conversations/${part(id)}/suggestions`);
  customer = (id, locale) => this.#call("GET", `/conversations/${part(id)}/customer?${new URLSearchParams({ locale })}`);
  editCustomer = (id, version, values) => this.#call("PUT", `/conversations/${part(id)}/customer`, { version, values });
  customerHistory = (id, query) => this.#call("GET", `/conversations/${part(id)}/customer/history?${new URLSearchParams(query)}`);
  undoChange = (id, change, version) => this.#call("POST", `/conversations/${part(id)}/customer/history/${part(change)}/undo`, { version });
  uniteCustomers = (id, wish) => this.#call("POST", `/conversations/${part(id)}/customer/merge`, wish);
  moveTo = (id, wish) => this.#call("POST", `/conversations/${part(id)}/customer/move`, wish);
  partCustomers = (id, merge) => this.#call("POST", `/conversations/${part(id)}/customer/merges/${part(merge)}/undo`, {});
  untieAccount = (id, link) => this.#call("POST", `/conversations/${part(id)}/customer/untie`, { link });
  visitors = () => this.#call("GET", "/visitors");
  inviteVisitor = (id, text) => this.#call("POST", `/visitors/${part(id)}/invitation`, { text });
  products = (q, locale) => this.#call("GET", `/products?${new URLSearchParams({ q, locale })}`);
  faq = (q, locale) => this.#call("GET", `/faq?${new URLSearchParams({ q, locale })}`);

  close = (id, wrap_up) => this.#call("POST", `/conversations/${part(id)}/close`, { wrap_up });
  wrapUpChoices = (team) => this.#call("GET", `/wrap-up?${new URLSearchParams({ team })}`);
  outcome = (id) => this.#call("GET", `/conversations/${part(id)}/outcome`);
  figures = (days) => this.#call("GET", `/figures?${new URLSearchParams({ days })}`);
  moment = (text, language) => this.#call("POST", "/moment", { text, language });
  /** `whose` is mine or all. */
  promises = (whose) => this.#call("GET", `/promises?${new URLSearchParams({ whose })}`);
  promisesOf = (id) => this.#call("GET", `/conversations/${part(id)}/promises`);
  keepPromise = (id) => this.#call("POST", `/promises/${part(id)}/kept`, {});
  withdrawPromise = (id) => this.#call("POST", `/promises/${part(id)}/withdraw`, {});

  #call(method, path, body) {
    return this.call(method, `/desk/api${path}`, body);
  }
}
