"""WeChat: Official Accounts and the customer messages of mini-programs."""

from connectors.wechat.channel import MiniProgramInput, WeChatInput

__all__ = ["MiniProgramInput", "WeChatInput"]
