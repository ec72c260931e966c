"""The account at the shop, tied to this chat or not. The platform makes links and ends ties; the actions only pass the
wish on."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Event


class LinkAccount(Action):
    """A link to the shop's page, where the customer says who they are."""

    def name(self) -> str:
        return "action_link_account"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        dispatcher.utter_message(json_message={"account_link": "link"})
        return []


class UnlinkAccount(Action):
    """The end of that."""

    def name(self) -> str:
        return "action_unlink_account"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        dispatcher.utter_message(json_message={"account_link": "unlink"})
        return []
