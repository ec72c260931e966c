"""What can be refused at the desk and in the queue. Each error has a code that never changes and an HTTP status."""

from __future__ import annotations

from typing import Any


class HandoffError(Exception):
    """The request could not be carried out."""

    code = "handoff_error"
    status = 400

    def __init__(self, message: str | None = None, **details: Any) -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        self.details = details


class UnknownConversation(HandoffError):
    """There is no such conversation."""

    code = "unknown_conversation"
    status = 404


class UnknownTicket(HandoffError):
    """There is no such ticket."""

    code = "unknown_ticket"
    status = 404


class WrapUpMissing(HandoffError):
    """The team wants more said of a conversation before it is closed."""

    code = "wrap_up_missing"
    status = 422


class MailUnavailable(HandoffError):
    """There is no mail connector; the transcript can be downloaded."""

    code = "mail_unavailable"
    status = 503


class ProofUnavailable(HandoffError):
    """No channel here can send a code to this address or number."""

    code = "proof_unavailable"
    status = 503


class CodeRefused(HandoffError):
    """This is not the code that was sent."""

    code = "code_refused"
    status = 403


class CodeSpent(HandoffError):
    """There is no code to try any more: it expired, was used, or was tried too often. Ask for a new one."""

    code = "code_spent"
    status = 409


class UnknownPromise(HandoffError):
    """There is no such promise."""

    code = "unknown_promise"
    status = 404


class PromiseSettled(HandoffError):
    """This promise is settled, or was due already."""

    code = "promise_settled"
    status = 409


class UnknownTag(HandoffError):
    """There is no such tag."""

    code = "unknown_tag"
    status = 404


class UnknownCannedReply(HandoffError):
    """There is no such canned reply."""

    code = "unknown_canned_reply"
    status = 404


class ShortcutTaken(HandoffError):
    """There is a canned reply with this shortcut already."""

    code = "shortcut_taken"
    status = 409


class ShortcutRecurs(HandoffError):
    """This canned reply would come back to itself."""

    code = "shortcut_recurs"


class CannedReplyChanged(HandoffError):
    """Somebody changed this canned reply meanwhile; read it again."""

    code = "canned_reply_changed"
    status = 409


class CannedReplyInUse(HandoffError):
    """Another canned reply takes this one in; change that first."""

    code = "canned_reply_in_use"
    status = 409


class CustomerChanged(HandoffError):
    """Somebody changed what is known of this customer meanwhile; look at it and save again."""

    code = "customer_changed"
    status = 409


class CustomerLocked(HandoffError):
    """This record belongs to several channels; it opens once this customer has signed in at the shop."""

    code = "customer_locked"
    status = 409


class UnknownChange(HandoffError):
    """There is no such change of this customer."""

    code = "unknown_change"
    status = 404


class ChangeSuperseded(HandoffError):
    """This was changed again since; undo the later change first."""

    code = "change_superseded"
    status = 409


class CustomersNotProved(HandoffError):
    """Nothing proves that the two are one person."""

    code = "customers_not_proved"
    status = 409


class UnknownMerge(HandoffError):
    """These records were never united, or are parted already."""

    code = "unknown_merge"
    status = 404


class MergeNotLast(HandoffError):
    """The record was united with another one since; undo that first."""

    code = "merge_not_last"
    status = 409


class BlankLeft(HandoffError):
    """A variable in this line has no value yet; nothing was sent."""

    code = "blank_left"
    status = 422


class UnknownAgent(HandoffError):
    """There is no such colleague, or they do not answer customers."""

    code = "unknown_agent"
    status = 404


class UnknownView(HandoffError):
    """There is no such saved view."""

    code = "unknown_view"
    status = 404


class TicketAlreadyClaimed(HandoffError):
    """Another agent has taken this conversation."""

    code = "ticket_already_claimed"
    status = 409


class MoveNotAllowed(HandoffError):
    """The conversation cannot go from its state to that one."""

    code = "move_not_allowed"
    status = 409


class StaleEpoch(HandoffError):
    """Somebody else has the word in this conversation since this was written."""

    code = "stale_epoch"
    status = 409


class NotYourConversation(HandoffError):
    """Another person, or nobody, answers this conversation."""

    code = "not_your_conversation"
    status = 409


class ConversationClosed(HandoffError):
    """This conversation is closed; the customer's next message opens a new one."""

    code = "conversation_closed"
    status = 409


class EmptyMessage(HandoffError):
    """A message needs some text."""

    code = "empty_message"
    status = 400


class TextTooLong(HandoffError):
    """The message is too long."""

    code = "text_too_long"
    status = 413


class LoginRefused(HandoffError):
    """Login or password is wrong."""

    code = "login_refused"
    status = 401


class TooManyLogins(HandoffError):
    """Too many attempts to sign in; wait a little."""

    code = "too_many_logins"
    status = 429


class UnknownShift(HandoffError):
    """There is no such shift."""

    code = "unknown_shift"
    status = 404


class ImpossibleShift(HandoffError):
    """Nobody can work such a shift."""

    code = "impossible_shift"
    status = 400


class ShiftsOverlap(HandoffError):
    """This person has another shift at that time."""

    code = "shifts_overlap"
    status = 409


class AtCapacity(HandoffError):
    """You answer as many customers as you may at a time; close one, or take this one by name."""

    code = "at_capacity"
    status = 409


class NotSignedIn(HandoffError):
    """Sign in first."""

    code = "not_signed_in"
    status = 401


class NotAllowed(HandoffError):
    """Your role does not allow this."""

    code = "not_allowed"
    status = 403


class CsrfRefused(HandoffError):
    """The page's token is missing or old; reload the page."""

    code = "csrf_refused"
    status = 403


class LoginTaken(HandoffError):
    """There is already an agent with this login."""

    code = "login_taken"
    status = 409


class WeakPassword(HandoffError):
    """The password needs at least 10 characters."""

    code = "weak_password"
    status = 400


class BadInput(HandoffError):
    """The request is not understood."""

    code = "bad_input"
    status = 400


class RateLimited(HandoffError):
    """Too many messages at once; wait a moment."""

    code = "rate_limited"
    status = 429


class TokenRefused(HandoffError):
    """The token is missing, expired or not ours; begin a new session."""

    code = "token_refused"
    status = 401


class IdentityRefused(HandoffError):
    """The shop's signature of this identity is missing, expired or wrong."""

    code = "identity_refused"
    status = 401


class NotSignedInCustomer(HandoffError):
    """Only a customer who is signed in at the shop may see this."""

    code = "not_signed_in"
    status = 403


class OriginRefused(HandoffError):
    """This page may not carry the widget; its origin is not in allowed_origins."""

    code = "origin_refused"
    status = 403


class UnknownArticle(HandoffError):
    """There is no such article."""

    code = "unknown_article"
    status = 404


class OrderNotProved(HandoffError):
    """This customer has not proved that this order is theirs."""

    code = "order_not_proved"
    status = 404


class UnknownTemplate(HandoffError):
    """This channel's account has no such template."""

    code = "unknown_template"
    status = 404


class TemplatesNotTaken(HandoffError):
    """This channel has no templates; write a text."""

    code = "templates_not_taken"
    status = 409


class PageRefused(HandoffError):
    """Only https pages of the shop's own sites (allowed_origins) and the help pages can be shown."""

    code = "page_refused"


class PagesNotShown(HandoffError):
    """This customer's channel cannot open pages; send the address as text."""

    code = "pages_not_shown"
    status = 409


class PageOfferOver(HandoffError):
    """The time to open this page is over; ask for it again."""

    code = "page_offer_over"
    status = 409


class ShopUnavailable(HandoffError):
    """The shop's own system does not answer at the moment."""

    code = "shop_unavailable"
    status = 503


class ProductsNotOffered(HandoffError):
    """The shop's own system does not tell what it sells."""

    code = "products_not_offered"
    status = 409


class UnknownProduct(HandoffError):
    """The shop does not sell this any more."""

    code = "unknown_product"
    status = 404


class UnknownMessage(HandoffError):
    """There is no such message."""

    code = "unknown_message"
    status = 404


class NothingToSend(HandoffError):
    """This message has arrived, is on its way, or needs no sending."""

    code = "nothing_to_send"
    status = 409


class AttachmentTooLarge(HandoffError):
    """This file is too large."""

    code = "attachment_too_large"
    status = 413


class AttachmentRefused(HandoffError):
    """This file cannot be taken; details.reason says why."""

    code = "attachment_refused"
    status = 422


class StorageFull(HandoffError):
    """There is no room for files at the moment."""

    code = "storage_full"
    status = 507


class UnknownAttachment(HandoffError):
    """There is no such file, or it was sent already."""

    code = "unknown_attachment"
    status = 404


class AttachmentsNotTaken(HandoffError):
    """This customer's channel does not take this file from here; send a link, or words."""

    code = "attachments_not_taken"
    status = 409


class CannotInvite(HandoffError):
    """This visitor cannot be invited now; details.reason says why."""

    code = "cannot_invite"
    status = 409


class InvitationOver(HandoffError):
    """This invitation no longer stands."""

    code = "invitation_over"
    status = 409
