"""WeChat Customer Service (微信客服) of a WeCom corporation."""

from connectors.wecom.channel import WeComInput

__all__ = ["WeComInput"]
