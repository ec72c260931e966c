"""Whether somebody wants a delivery done in a way of its own: when, to whom, by whom, how it is carried.

The shop's delivery team can do such a thing and the assistant cannot, so whoever wants it and comes to a person goes to
the lead of that team. What is only asked, what has happened and what is about the goods is no such wish.
"""

from __future__ import annotations

import re

from faq_kb import fold_keeping_length

MOST_CHARACTERS = 500

# Words as they look folded (faq_kb.folding): Simplified, lower case, 唔 as 不, 冇 as 没, 俾 as 给, 喺 as 在.
_SENT = r"(?:送|派|寄|配送|投递|快递|速递|物流|收货|收件|收到|到货|上门|发货|出货|发出|运|deliver|ship)"
_WHEN = (
    r"(?:星期|礼拜|周[一二三四五六日末]|假日|平日|工作日|上午|下午|早上|晚上|夜晚|夜间|朝早|中午|傍晚|放工"
    r"|下班|今日|今天|今晚|听日|明天|明日|后天"
    r"|\d+ ?(?:点|时|号|日|:|am|pm)|[一二三四五六七八九十两]+(?:点|号))"
)
_WISHES = (
    r"(?:不该|麻烦|请|帮我|帮忙|可以|可否|可不可以|能不能|能否|想|要|希望|最好|只|净系|一定|务必|得不得|安排|指定|约)"
)
_PLACE = (
    r"(?:管理处|管理室|管理员|门口|大堂|大厅|保安|警卫|门卫|看更|前台|柜台|柜枱|驿站|丰巢|快递柜|自提柜|智能柜"
    r"|置物柜|邻居|隔壁|楼下|信箱|后门|侧门|传达室"
    r"|物业|酒店|饭店|民宿|医院|病房|展场|展位|展馆|码头|船|超商|便利店|鞋柜|楼梯间|会议室|宿舍|学校|仓库|公司收发)"
)
_COURIER = (
    r"(?:顺丰|sf|京东|中通|圆通|韵达|申通|极兔|邮政|ems|dhl|fedex|ups|黑猫|新竹|宅配通|邮局|嘉里"
    r"|lalamove|gogo\w*|跑腿|闪送|专车|专人|冷链|平邮)"
)

_ZH = re.compile(
    "|".join(
        (
            # on a certain day, at a certain time
            rf"(?:指定|约|预约|安排|挑|选|改).{{0,6}}(?:时间|时段|日子|日期|{_WHEN}).{{0,12}}{_SENT}",
            rf"{_SENT}.{{0,8}}(?:指定|约|预约|安排|挑|选).{{0,4}}(?:时间|时段|日子|日期)",
            rf"{_WISHES}.{{0,12}}{_WHEN}.{{0,14}}{_SENT}",
            rf"{_SENT}.{{0,10}}{_WISHES}.{{0,8}}{_WHEN}",
            rf"(?:{_WHEN}|\d+/\d+).{{0,8}}(?:之前|以前|前|之后|以后|后|之间|至|到|先|才|再).{{0,6}}{_SENT}",
            # not so
            rf"(?:不要|不好|别|勿|咪|不使|不用|不可以|先不).{{0,8}}(?:{_SENT}|按门铃|按铃|敲门|{_COURIER})",
            rf"{_WHEN}.{{0,8}}(?:不在|没人|不方便|休息)",
            # to somebody, at some place
            rf"(?:放|摆|留|交|寄放|丢|搁|搁低|转交|送去|送到|送来|寄去|寄到|寄来|派到).{{0,8}}{_PLACE}",
            r"代收|代签|转交给|(?:交|给|由)(?:我)?.{1,6}签收",
            r"(?:本人|亲自|亲手|我妈|妈妈|我爸|太太|老公|先生|同事|朋友|秘书|阿姨|工人姐姐).{0,6}(?:签收|签名"
            r"|收货|收件|收$|代收)",
            # by somebody
            rf"(?:用|改|换|走|发|经|寄|叫|指定|搭).{{0,3}}{_COURIER}",
            # having been told
            r"(?:先|派送?前|送货?前|到前|之前|提前|事先|半小时前).{0,8}(?:打电话|打个电话|打给|call|致电|电联"
            r"|来电|联络|联系|通知|短信|简讯|whatsapp|微信|line我)",
            r"(?:打电话|打个电话|打给|call|致电|电联|来电|联络|联系|通知).{0,10}(?:先|再|才).{0,4}" + _SENT,
            # whatever the courier is to be told
            r"(?:叫|同|跟|请|让|要|麻烦|转告|提醒).{0,6}(?:送货|速递|快递|派件|司机|师傅|外送|物流|宅配)(?:员"
            r"|嘅|的|哥|小哥|大哥|师傅|先生|行|个)?.{2,}",
            r"(?:别|不要|不好|不使|不用).{0,4}(?:给|跟|同)?.{0,3}打电话",
            # carried
            r"(?:搬|抬|送|扛|拿).{0,4}(?:上楼|入屋|进屋|到房|进门|上[\d一二三四五六]+楼|到[\d一二三四五六]+楼)"
            r"|没(?:有)?(?:电梯|𨋢|升降机|lift)",
            r"两个人|两位师傅|安装|组装|装好|拆旧|收走旧",
            # kept
            r"冷藏|冷冻|低温|冰袋|冰宝|保冷|保温|易碎|轻放|直立|不要(?:倒|压|叠)|别(?:压|倒|摔)|防水|防压|防撞",
            # at once
            rf"(?:急用|急要|急住|急件|加急|赶|尽快|快啲|快点|最迟|最晚|一定要|务必|来得及).{{0,12}}{_SENT}",
            rf"{_SENT}.{{0,6}}(?:加急|急件|急急脚|最快|快点|快啲)|即日送|当日达|同日送|特快",
            # together or apart
            rf"(?:一起|一齐|一次过|合并|合单|同一?箱|夹埋|分开|分批|分两次|拆开|拆单).{{0,6}}(?:{_SENT}|送)",
            rf"{_SENT}.{{0,4}}(?:一起|一齐|埋一齐|分开)",
            # what the receiver must not see
            r"(?:不要|别|不好|不可以|不想).{0,8}(?:发票|单据|价钱|价格|金额|小票|明细|价目)",
        )
    )
)
_EN_SENT = r"(?:deliver\w*|ship\w*|sen[dt]\w*|drop\w*|arriv\w*|courier|parcel|package|bring|post(?:ed|ing)?)"
_EN_WHEN = (
    r"(?:\d{1,2}(?::\d\d)? ?(?:am|pm)?|noon|morning|afternoon|evening|night|weekends?|weekdays?|(?:mon|tues"
    r"|wednes|thurs|fri"
    r"|satur|sun)days?|mon|tue|wed|thu|fri|sat|sun|tomorrow|tonight|today|office hours|lunch)"
)
_EN = re.compile(
    "|".join(
        (
            rf"{_EN_SENT}.{{0,40}}\b(?:before|after|between|by|on|only|until|at|around)\b.{{0,12}}{_EN_WHEN}",
            rf"\b(?:only|before|after|between|on|by)\b.{{0,14}}{_EN_WHEN}.{{0,30}}{_EN_SENT}",
            rf"\b(?:choose|pick|book|arrange|specific|set|schedule).{{0,20}}(?:time|slot|date|day|{_EN_SENT})",
            r"\b(?:do ?n[o']?t|not|never|no)\b.{0,14}\b(?:deliver\w*|ring|knock|buzz|leave it|ship|send|doorbell)",
            r"\b(?:leave|drop|put|hand|give|deliver|send|ship)\b.{0,40}\b(?:guard|concierge|reception\w*"
            r"|front desk|neighbou?r\w*"
            r"|locker|porch|back ?door|side door|front door|the door|security|mail ?room|doorman|hotel"
            r"|hospital|booth|lobby"
            r"|garage|shed|next door|office|ward|yacht|boat|berth|cruise|marina|pier|gate|building manager)\b",
            r"\b(?:tell|ask|have|let|make) (?:the |your |him|them)?(?:courier|driver|delivery|rider|him|them|guy)",
            r"\b(?:use|via|by|through|switch to|with|not)\b.{0,8}\b(?:sf|s\.f\.|dhl|fedex|ups|ems|lalamove"
            r"|gogovan|royal mail"
            r"|another courier|a different courier|surface mail|registered)\b",
            r"\b(?:call|text|phone|ring|message|whatsapp|notify|sms|warn)\b.{0,30}\b(?:before|first|ahead"
            r"|prior|when|beforehand)\b",
            r"\b(?:upstairs|carry|carried|no (?:lift|elevator)|two (?:people|guys|men|persons)|install\w*"
            r"|assembl\w*|take away the old)\b",
            r"\b(?:cold|frozen|chilled|refrigerat\w*|ice packs?|fragile|upright|this side up"
            r"|handle (?:it )?with care|waterproof)\b",
            r"\b(?:urgent\w*|rush|asap|express|same.?day|priority|expedite\w*)\b",
            r"\bneed (?:it|this|them|my \w+)\b.{0,25}\b(?:by|before|tomorrow|today|tonight|for)\b",
            r"\b(?:together|in one (?:box|parcel|go|shipment)|combine\w*|separately|split|two parcels"
            r"|wait for everything)\b",
            r"\bsign(?:ed|ature)?\b|\b(?:without|no|hide|remove)\b.{0,14}\b(?:invoice|receipt|price)",
        )
    )
)
# What has happened, what is asked about, and what is no delivery.
_NOT = re.compile(
    r"昨日|昨天|上回|上次|原来|琴日|寻日|前日|前天|头先|刚才|已经|[送派寄放打收签留摆]咗|[送派寄放收签留]了"
    r"|投诉|没收到|不见|收不到|坏|烂|破|融化?咗|几时|什么时候|多久"
    r"|几多钱|多少钱|运费|邮费|送货费|点解|为什么|怎么还|有没有送|送不送|寄不寄|改地址|换地址|地址改|退货|退款"
    r"|取消|包装|贺卡|生日卡|发票抬头"
    r"|\b(yesterday|last time|was|were|has (?:been|arrived|already|not)|have been|had|called me|left it"
    r"|they left|never (?:came|arrived)|broken|damaged|melted|missing|lost"
    r"|late|how (?:much|long|many)|when (?:will|does|do)|where(?:'s| is)|fee|cost|refund|return|cancel"
    r"|change my address"
    r"|new address|wrap\w*|gift ?card|do (?:you|u)(?: guys)? (?:deliver|ship)|can you ship to)\b"
)


def wants_special_delivery(text: str) -> bool:
    """Whether these words of a customer ask for it."""
    folded = fold_keeping_length(text[:MOST_CHARACTERS])
    return bool((_ZH.search(folded) or _EN.search(folded)) and not _NOT.search(folded))
