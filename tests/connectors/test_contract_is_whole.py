"""Each of our own channels runs the whole contract, or says in its kit what it has not, and why."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest
import test_email_channel
import test_instagram_channel
import test_line_channel
import test_messenger_channel
import test_sms_http
import test_sms_twilio
import test_telegram_channel
import test_wechat_channel
import test_wecom_channel
import test_weibo_channel
import test_whatsapp_channel
import test_write_your_own
from contract import Contract, GivesFiles, RepeatsSafely
from rasa.shared.utils.common import class_from_module_path

import connectors
from connectors.own import OwnChannel

SUITES = (
    test_line_channel.TestLine,
    test_whatsapp_channel.TestWhatsApp,
    test_messenger_channel.TestMessenger,
    test_instagram_channel.TestInstagram,
    test_telegram_channel.TestTelegram,
    test_wechat_channel.TestWeChat,
    test_wechat_channel.TestMiniProgram,
    test_wecom_channel.TestWeCom,
    test_weibo_channel.TestWeibo,
    test_sms_twilio.TestTwilioSms,
    test_sms_http.TestHttpSms,
    test_email_channel.TestEmail,
    test_write_your_own.TestPigeon,
)


@pytest.mark.parametrize("suite", SUITES, ids=lambda one: one.__name__)
def test_what_a_suite_leaves_out_is_what_its_kit_says_that_the_channel_lacks(suite: type[Contract]) -> None:
    kit = suite.kit
    left_out = {
        "pictures": not kit.picture,
        "documents": not kit.document,
        "fetching": not issubclass(suite, GivesFiles),
        "files": not kit.sends and not kit.links_files,
        "key": not issubclass(suite, RepeatsSafely),
    }
    # The contract itself looks whether the others are so.
    assert {name for name, is_so in left_out.items() if is_so} == set(kit.lacks) - {"typing", "choices"}
    assert kit.repeats_safely == issubclass(suite, RepeatsSafely)
    assert all(kit.lacks.values())


def test_no_channel_is_without_a_suite() -> None:
    modules = [one.name for one in pkgutil.walk_packages(connectors.__path__, "connectors.")]
    named = {
        one
        for module in map(importlib.import_module, modules)
        for _, one in inspect.getmembers(module, inspect.isclass)
        if issubclass(one, OwnChannel) and "name" in vars(one)
    }
    tried = {class_from_module_path(one.kit.class_path) for one in SUITES if one is not test_write_your_own.TestPigeon}
    assert tried == named
    assert len({suite.kit.channel for suite in SUITES}) == len(SUITES) - 1, "sms stands twice"
