"""Approved templates of a shop, as `templates_file` has them."""

TEMPLATES = """
templates:
  order_news:
    title: {zh-HK: 訂單有消息, zh-TW: 訂單通知, zh-CN: 订单通知, en: News of an order}
    variables:
      - customer.name
      - order.number
      - {zh-HK: 有咩消息, zh-TW: 通知內容, zh-CN: 通知内容, en: The news}
    texts:
      zh-HK: {code: zh_HK, text: "你好 {{1}}，關於訂單 {{2}}：{{3}}。想再問就直接回覆呢個訊息。"}
      en: {code: en, text: "Hello {{1}}, about your order {{2}}: {{3}}. Just reply if you have a question."}
  we_are_back:
    title: {zh-HK: 我哋返嚟喇, zh-TW: 我們回來了, zh-CN: 我们回来了, en: We are back}
    texts:
      en: {code: en, text: "We have an answer for you. Just reply and we go on."}
  elsewhere:
    channels: ["whatsapp:tw"]
    title: {zh-HK: 台灣, zh-TW: 台灣, zh-CN: 台湾, en: Taiwan}
    texts: {zh-TW: {code: zh_TW, text: 您好。}}
"""
