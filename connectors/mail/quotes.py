"""What somebody wrote themselves in a mail: without what they answer to, and without their signature.

Each rule looks at one line, or at a few short ones, so that no mail takes long. Why this is not the library
mail-parser-reply: docs/decisions/0021-quotes-of-mails.md.
"""

from __future__ import annotations

import re

# A line of a mail program is short; longer ones are people's.
_LONGEST_LINE = 300
_CITED = re.compile(r"[>＞]")
# "On 1 Jan 2026, the shop <a@b> wrote:", "在 2026年1月1日 週四 10:00，甲 <a@b> 寫道："
_WROTE = re.compile(r"(\bwrote|寫道|写道|寫到|写到|來信|来信|來函|書いた|書きました|작성)\s*[:：]$", re.IGNORECASE)
# "On Monday your colleague wrote:" is a customer's own sentence; a program says the year, the time or the address.
_WHO_OR_WHEN = re.compile(r"@|\d{1,2}[:：]\d{2}|\d{4}\s*[-/.年]")
_SEPARATOR = re.compile(
    r"[-_=*—－ ]{2,}\s*(original message|original|forwarded message|reply message|begin forwarded message"
    r"|原始郵件|原始邮件|原始信件|原始訊息|原信件|原始邮件信息|原邮件|回复的原邮件|回覆的原始郵件|轉寄的郵件|轉寄郵件"
    r"|轉發的郵件|轉發郵件|转发的邮件|转发邮件|转发的原邮件|Ursprüngliche Nachricht)\s*[-_=*—－ ]{2,}",
    re.IGNORECASE,
)
_RULE = re.compile(r"[_─—-]{20,}")
_FROM = re.compile(r"[*|\s]*(from|寄件者|寄件人|发件人|發件人|發件者|差出人|von|de)[*\s]*([:：|])", re.IGNORECASE)
_BESIDE_FROM = re.compile(
    r"[*|\s]*(sent|date|to|subject|cc|reply-to|寄件日期|傳送日期|傳送時間|發送時間|發送日期|发送时间|发送日期|发件时间|日期"
    r"|時間|时间|收件者|收件人|主旨|主題|主题|標題|标题|副本|抄送|抄送人|送信日時|宛先|件名)[*\s]*([:：|])",
    re.IGNORECASE,
)
_LINES_OF_A_HEADER = 7
# What telephones and programs add of themselves.
_ADDED = re.compile(
    r"(sent|send) (from|via) (my |the |yahoo|outlook|mail|samsung|proton|gmail)|get outlook for|download the .{0,30}app"
    r"|sent from (iphone|ipad|android)|(從|从|由)我的.{1,30}(傳送|傳出|寄出|發送|发送|发出)"
    r"|(傳送|寄|發|发|發送|发送)自.{0,4}我的"
    r"|(傳送|寄|發|发|發送|发送)自\s*(iphone|ipad|yahoo|outlook|qq|网易|網易|foxmail|新浪|手机|手機|samsung|華為|华为|小米)"
    r"|(取得|获取|下載|下载).{0,12}(版|的)\s*outlook|(來自|来自)(我的)?.{0,12}(iphone|ipad|android|手機|手机|郵箱|邮箱)$",
    re.IGNORECASE,
)
_ADDED_AT_MOST = 80
_SIGNATURE = re.compile(r"(--|—|__) ?|-{2,}\s*")
_CLOSING = re.compile(
    r"((best|kind|kindest|warm|warmest) )?regards,?|(yours )?(sincerely|faithfully|truly),?|此致|敬上|謹上|祝好"
    r"|順頌商祺|此致\s*敬[禮礼]|敬[祝頌颂]\S{0,6}|顺颂商祺|顺祝商祺|順祝商祺",
    re.IGNORECASE,
)
_LINES_OF_A_SIGNATURE = 8
_LONGEST_IN_A_SIGNATURE = 80


def own_words(text: str) -> str:
    """What this mail says itself; all of it, when nothing would be left."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    own = _without_signature(_without_quotes(lines))
    words = re.sub(r"\n{3,}", "\n\n", "\n".join(own)).strip()
    return words or text.strip()


def _without_quotes(lines: list[str]) -> list[str]:
    own: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if _CITED.match(line):
            at += 1
            continue
        length = _length_of_wrote(lines, at)
        if length:
            after = _first_with_words(lines, at + length)
            # What is marked line by line may have answers between; anything else is quoted to its end.
            if after is None or not _CITED.match(lines[after].strip()):
                break
            at = after
            continue
        if _begins_header(lines, at):
            break
        own.append(lines[at])
        at += 1
    return own


def _length_of_wrote(lines: list[str], at: int) -> int:
    """How many lines from here on say who wrote when: one, or up to three that were wrapped; 0 for none."""
    joined = ""
    for length in (1, 2, 3):
        if at + length > len(lines):
            return 0
        line = lines[at + length - 1].strip()
        if not line or len(line) > _LONGEST_LINE or _CITED.match(line):
            return 0
        joined = f"{joined} {line}".strip()
        if length == 1 and not _may_be_wrapped(line) and not _WROTE.search(line):
            following = lines[at + 1].strip() if at + 1 < len(lines) else ""
            # In other languages: an address and a colon, and quoted lines right behind.
            is_any = line.endswith((":", "：")) and "@" in line and _CITED.match(following)
            return 1 if is_any else 0
        if _WROTE.search(joined):
            return length if _WHO_OR_WHEN.search(joined) else 0
    return 0


def _may_be_wrapped(line: str) -> bool:
    return bool(re.match(r"(On\b|在\s?\d|於\s?\d|于\s?\d)|.*<[^<>\s]+@[^<>\s]*>?\s*(於|于|在)", line))


def _begins_header(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if not line or len(line) > _LONGEST_LINE:
        return False
    if _SEPARATOR.match(line):
        return True
    if _RULE.fullmatch(line):
        after = _first_with_words(lines, at + 1)
        return after is not None and bool(_FROM.match(lines[after]))
    if not _FROM.match(line):
        return False
    beside = lines[at + 1 : at + 1 + _LINES_OF_A_HEADER]
    return sum(bool(_BESIDE_FROM.match(one[:_LONGEST_LINE])) for one in beside) >= 2


def _first_with_words(lines: list[str], at: int) -> int | None:
    return next((place for place in range(at, min(len(lines), at + 4)) if lines[place].strip()), None)


def _without_signature(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    ends = [at for at, line in enumerate(lines) if line.strip()][-6:]
    added = [at for at in ends if len(lines[at]) <= _ADDED_AT_MOST and _ADDED.match(lines[at].strip())]
    if added:
        lines = [line for at, line in enumerate(lines) if at not in added]
    for at in range(len(lines) - 1, max(0, len(lines) - 2 - _LINES_OF_A_SIGNATURE), -1):
        line = lines[at].strip()
        rest = [one.strip() for one in lines[at + 1 :]]
        if any(len(one) > _LONGEST_IN_A_SIGNATURE for one in rest):
            break
        if _SIGNATURE.fullmatch(lines[at].lstrip()) or (_CLOSING.fullmatch(line.rstrip("!！。.,，")) and rest):
            return lines[:at]
    return lines
