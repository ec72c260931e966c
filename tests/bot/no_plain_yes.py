"""What customers answer to "shall I?" that must never have anything done, whatever a classifier takes it for."""

NO_PLAIN_YES = [
    *("冇嘢喇 唔cancel住", "好呀…等陣先", "我諗下先", "好，但係唔好咁快", "遲啲先得唔得", "問下老婆先"),
    *("係，不過想改地址", "咪住", "先不要", "好，等一下", "我再想想", "可以，但是先不要取消", "嗯…考慮一下"),
    *("如果還沒出貨就取消", "不取消了", "晚點再說", "先别取消", "好的 不过等等", "我再考虑一下", "算了", "可以吗？"),
    *("万一发货了呢", "别了吧", "要是没发货就取消", "yes but not yet", "ok wait", "hmm let me think", "yes?", "n"),
    *("sure, if it hasn't shipped", "maybe later", "don't do it", "ok but first tell me the fee", "👎", "🤔"),
    *("OK等等先", "cancel住先唔好", "yes啦 but唔係呢張"),
]
