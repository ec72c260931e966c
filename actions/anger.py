"""Whether somebody who writes to us is angry.

A person who is asked for in anger is one wish like any other to the assistant; in the queue it comes earlier, and the
customer is told first that we are sorry. So it is told by words beside the intent. To be mistaken costs an apology too
many; not to hear it, a customer.
"""

from __future__ import annotations

import re

from faq_kb import fold_keeping_length

MOST_CHARACTERS = 500

_NUMBER = r"(?:[一二两三四五六七八九十百几半\d]+)"
# Words as they look folded (faq_kb.folding): Simplified, lower case, 唔 as 不, 冇 as 没, 俾 as 给, 佢 as 他.
_IN_CHINESE = (
    # what one is
    r"(?<!老公)(?<!老婆)嬲(?:到|爆|死|呀|啊|喇|啦|紧)|[好真超]嬲|激气|谷气|气(?:死|到|爆|坏)|气炸(?!锅)|火(?:大"
    r"|滚|都来)"
    r"|(?:我|真|很|好|非常|越来越|十分)(?:的|是|系)?(?:愤怒|生气|恼火|不满)(?!意)|不爽|忍(?:无可忍|不住|够|不了|你们)"
    r"|受够|玩够|够(?:了没|了[。!！]|喇[。!！])|没(?:有)?耐[性心]|失去耐心|耐心.{0,3}(?:用完|耗|没了)|抓狂|心累"
    r"|吐血|烦死"
    r"|顶不(?:顺|住)|傻眼|无言|无语",
    # what you are
    r"(?:什么|这么|咩|么|啥)鬼?(?:破|烂|垃圾|废)|(?:破|烂|垃圾|废物?|废柴|渣)(?:店|公司|服务|机器人|客服|平台"
    r"|系统|态度"
    r"|商家|网店|网站|品牌|bot|ai|app|透)|(?:服务|态度)(?:真|太|这么|咁|有够|好|很|超)?.{0,4}(?:差|烂|恶劣|渣|屎)"
    r"|什么态度|咩态度|什么服务|咩服务|智障|(?:你|是|班|机器|客服|们).{0,3}(?:白痴|废柴|弱智)|脑残|废话|废物"
    r"|不知所谓|无良"
    r"|黑店|奸商|骗(?:子|人|钱|我|徒|了)|呃(?:人|钱|我|鬼|客)|诈骗|老千|缺德|不要脸|没良[心知]|厚脸皮|不负责任"
    r"|死(?:人|机器人|绝)"
    r"|低能|垃圾[!！。]*$|^垃圾(?!桶|袋)|复读机|录音机|人机",
    # what you did
    r"搞(?:什么|咩|毛|笑|啥|鬼)|玩(?:嘢|我|谁)|耍(?:我|人|猴|花枪)|当我(?:是|系)?.{0,3}(?:傻|白痴|猴|水鱼|凯子"
    r"|盘子|透明|空气)"
    r"|有没搞错|岂有此理|离谱|离大谱|过[分份]|太扯|扯淡|有够|荒谬|可恶|可恨|恶心|欺[负骗]|坑(?:人|爹|钱|我|客)"
    r"|敷衍|踢皮球|推来推去|推卸|推搪|卸责|打太极|装死|诈傻|扮嘢|爱理不理|不理不睬|没人理|先有人理|才有人理"
    r"|不理人|讲大话"
    r"|说谎|撒谎|不认账|算数|当耳边风|(?:浪费|嘥|费).{0,3}(?:时间|口水)|鸡同鸭讲|鬼打墙|跳针|答非所问|人话"
    r"|说好的.{1,12}[呢咧]"
    rf"|(?:第|都|已经|讲咗|问咗|说了|问了|打了|催了|同一.{{1,3}}){_NUMBER}(?:次|遍)|{_NUMBER}百[次遍]"
    rf"|[n几][次遍]了|讲几多次"
    r"|(?:还|仲|究竟|到底)(?:要|想)?.{0,4}(?:等到几时|等多久|拖|骗|玩)|死(?:哪|去边|咗|晒)|没影|未见影|不见影"
    r"|到现在还|加到现在",
    # what one will do
    r"消委会|消基会|消保(?:官|处|会)|12315|12345|1950|工商局|市监局|市场监管|报警|报公安|律师|告(?:你们|死|上"
    r"|到)|法院|法庭"
    r"|小额钱债|差评|[一1]星|负评|黑猫投诉|曝光|爆料|公审|上新闻|记者|放上网|挂(?:网上|出来)|抵制|拉黑|永不"
    r"|(?:以后(?:都)?不|不会?再|再也不)(?:会)?(?:再)?(?:买|来|帮衬)|退钱|还钱|赔钱|看着办|有你们好看|申诉",
    # who is wanted: somebody better
    r"(?:识做|会办|能办|会做|肯做|做得到|能解决|识解决)(?:嘢|事|事情|问题)|会呼吸|活(?:的|人)|有脑|带脑|有血有肉"
    r"|听得懂|会思考"
    r"|(?:能|可以|肯)负责(?:的|任)?|话事|管事|说了算|给我(?:说清楚|讲清楚|交代|解释|出来|叫|滚)|给个(?:说法"
    r"|交代)|叫.{1,8}(?:滚出来|死出来)"
    r"|懂[?？吗没]|听到没|听懂没|[?？]{3,}",
    # swearing
    r"屌|仆街|扑街|撚|柒头|[痴黐]线|閪|吊你|顶你|冚家|收皮|食屎|狗[屎屁]|放屁|屁[话用]|个屁|[鸟毛]用|条毛|他妈"
    r"|你妈|妈的|娘的|特么"
    r"|tmd|cnm|妈蛋|卧槽|我靠|^靠|靠[北腰夭杯]|干[你恁]|^干[\s，,!！。]|机掰|鸡掰|他马的|傻[逼比叉b]|煞笔|沙雕"
    r"|操你|草你|草泥马|尼玛"
    r"|滚[!！蛋]|王八|去死|死开|该死|wtf|diu|dllm|on9|fxxk",
)
_IN_ENGLISH = (
    # what one is
    r"\b(?:furious|livid|angry|outraged|fuming|disgust\w*|pissed|fed up|sick (?:of|and tired)|had (?:enough|it with)"
    r"|enough is enough|done with (?:you|this|your)|(?:losing|lost) (?:my )?(?:patience|mind)|out of patience"
    r"|seething"
    r"|infuriat\w*|not satisfied|beyond (?:annoyed|frustrat\w*|a joke))\b",
    # what you are
    r"\b(?:appall\w*|unacceptable|unbelievable|ridiculous|outrageous|pathetic|shambles|farce|disgrace\w*"
    r"|shame(?:ful| on)"
    r"|joke of a|(?:is|are) a joke|what a (?:joke|mess|circus|waste)|absolute (?:joke|garbage|rubbish|trash|mess)"
    r"|clowns?|parrots?|incompeten\w*|idiots?|idiotic|morons?|stupid|imbecile\w*|broken record|scam\w*|rip.?off"
    r"|ripped off"
    r"|liars?|lied|lying|thie(?:f|ves)|robbed|crooks?|cheat(?:ed|ing|ers)|fraud\w*)\b",
    r"\b(?:useless|worthless|hopeless|garbage|rubbish|trash|crap|crappy|terrible|horrible|awful|worst|lousy"
    r"|shit\w*)\b"
    r".{0,20}\b(?:bot|robot|service|company|shop|store|support|you|customer|experience|machine|chat\w*|people"
    r"|answers?|app)\b",
    r"\b(?:bot|robot|service|company|you|you're|ur|this|machine|chat\w*|people)\b.{0,14}"
    r"\b(?:useless|worthless|hopeless|garbage|rubbish|trash|crap|the worst)\b",
    # what you did
    r"\bwast(?:e|ing|ed) (?:of )?(?:my|our)? ?time\b|\b(?:round )?in circles\b|\bthanks for nothing\b|\bso much for\b"
    r"|\b(?:same|copy.?paste\w*|canned) (?:stupid )?(?:answer|reply|script|nonsense|bs|crap)\b"
    r"|\b(?:another|so|very) helpful\b|\bhow (?:many (?:more )?times|dare|hard (?:is|can) it|long do i have)\b"
    r"|\b(?:third|fourth|fifth|sixth|tenth|\d+(?:rd|th)|hundredth|umpteenth|millionth) time\b|\bfor the last time\b"
    r"|\b(?:stop|quit) (?:ignoring|wasting|lying|sending|repeating|copy|giving)|\b(?:ignored|ignoring) (?:me|my)\b"
    r"|\b(?:don'?t|do not|didn'?t|doesn'?t) (?:even )?(?:give a|care)\b|\bare you (?:kidding|serious|deaf|blind"
    r"|joking|even)"
    r"|\bi demand\b|\bnow!!",
    # what one will do
    r"\b(?:consumer council|trading standards|small claims|ombudsman|charge ?back|lawyer|solicitor|sue"
    r"|legal action|police"
    r"|(?:one|1|zero|0).?stars?|bad review|never (?:again|buy\w*|order\w*|shop\w*)|last time i (?:buy|order"
    r"|shop)|report you"
    r"|post(?:ing)? (?:this|it) (?:on|all over)|trustpilot|name and shame|tell everyone)\b",
    # who is wanted: somebody better
    r"\b(?:who|that)(?:'s| is| can| has| knows)? ?(?:actually|paid|read|think|a brain|awake|a pulse|breath\w*"
    r"|competent|cares|how to do)\b"
    r"|\bwith a (?:brain|pulse|heartbeat|clue|spine)\b|\b(?:breathing|actual living|functioning)\b"
    r"|^no,.*\bno,.*\bno,",
    # swearing
    r"\b(?:what the (?:hell|heck|fuck|actual)|the hell|wtf|wth|ffs|stfu|for (?:god|christ|fuck|heaven)'?s? ?sakes?"
    r"|god ?damn\w*|damn (?:bot|it|thing|robot|person|human)|bloody|effing|fricking|freaking|frigging|bull ?shit"
    r"|bs|fuck\w*"
    r"|f\*+\w*|f[\W_]*ck\w*|sh\*t\w*|asshole\w*|bastards?|screw (?:you|this)|piece of (?:crap|shit|junk)|sucks?)\b",
)
_SIGNS = "🤬|😡|🖕|👿|🙄"
_TOLD = re.compile("|".join((*_IN_CHINESE, *_IN_ENGLISH, _SIGNS)))
# Words in capitals, one after the other, or each with a full stop of its own.
_LOUD = re.compile(r"(?:\b[A-Z][A-Z']+\b[^A-Za-z]{1,3}){3,}|(?:\b[A-Z]{2,}\b.{0,40}){4,}|(?:\b[A-Za-z]+[.。] ?){3,}")
# Of somebody else in the story, and of oneself.
_NOT = re.compile(
    r"(?:不是|不系|没有?|别)(?:在|要)?(?:生气|投诉|骂|嬲|怪)"
    r"|\bnot (?:angry|mad|upset|complaining|furious|fed up)\b|\bno complaints?\b"
)


def sounds_angry(text: str) -> bool:
    """Whether these words of a customer do."""
    text = text[:MOST_CHARACTERS]
    folded = fold_keeping_length(text)
    return bool((_TOLD.search(folded) or _LOUD.search(text)) and not _NOT.search(folded))
