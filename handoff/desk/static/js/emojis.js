// The emoji that agents of a shop use, each with the words it is found by: Traditional, Simplified where it differs, English.

const LIST = `
😀 笑 開心 开心 smile happy grin
😊 微笑 開心 开心 blush smile thanks
😄 大笑 laugh happy
😁 露齒笑 露齿笑 grin
😂 笑喊 笑哭 joy tears
🤣 笑死 rofl laugh
😅 尷尬 尴尬 汗 sweat relief sorry
🙂 微笑 smile
😉 單眼 眨眼 wink
😍 鍾意 喜歡 喜欢 love eyes
🥰 愛 爱 喜歡 喜欢 love hearts
😘 飛吻 飞吻 kiss
😋 好味 好吃 yummy
😎 型 酷 cool
🤩 正 驚喜 惊喜 star wow
🥳 慶祝 庆祝 party celebrate
🤔 諗 思考 想 think
🧐 研究 睇下 查看 look inspect
😐 無言 无言 neutral
😮 驚訝 惊讶 wow surprised
😯 驚訝 惊讶 surprised
😳 尷尬 尴尬 flushed
🥺 求 拜託 拜托 please
😢 喊 哭 cry sad
😭 大喊 大哭 sob cry
😔 失望 難過 难过 sad sorry
😞 失望 disappointed
😟 擔心 担心 worried
😣 頂唔順 忍 struggle
😫 攰 累 tired
😴 瞓 睡 sleep
😤 谷氣 生氣 生气 huff
😠 嬲 生氣 生气 angry
😡 好嬲 憤怒 愤怒 angry
🤯 爆炸 震驚 震惊 mind blown
😱 驚 害怕 scream
🤗 攬 抱抱 hug
🤭 偷笑 giggle
🤫 靜 安静 secret quiet
🫡 收到 遵命 salute yes
🙏 多謝 拜託 謝謝 谢谢 拜托 please thanks pray
👍 好 讚 赞 like good yes thumbs
👎 唔好 差 bad no thumbs
👌 OK 冇問題 沒問題 没问题 ok perfect
✌️ 勝利 胜利 peace victory
🤞 好運 好运 luck fingers
🤝 合作 握手 deal handshake
👏 拍手 鼓掌 clap bravo
🙌 好嘢 太好了 hooray
👋 你好 拜拜 再見 再见 hello bye wave
💪 加油 strong
🫶 愛 爱 心 heart hands
☝️ 一 上面 one up point
👉 右 呢個 這個 这个 right point
👇 下面 down below point
👆 上面 up above point
❤️ 心 愛 爱 red heart love
🧡 橙心 orange heart
💛 黃心 黄心 yellow heart
💚 綠心 绿心 green heart
💙 藍心 蓝心 blue heart
💜 紫心 purple heart
🖤 黑心 black heart
💔 心碎 broken heart
💕 愛心 爱心 hearts
✨ 閃 闪 亮 sparkles new
🌟 星 star
⭐ 星 評分 评分 star rating
🔥 火 熱賣 热卖 fire hot
💯 滿分 满分 hundred perfect
🎉 恭喜 慶祝 庆祝 party congratulations
🎊 慶祝 庆祝 confetti
🎁 禮物 礼物 gift present
🎂 生日 蛋糕 birthday cake
🧧 利是 紅包 红包 red packet lai see new year
🏮 燈籠 灯笼 lantern new year
🐲 龍 龙 dragon
🎄 聖誕 圣诞 christmas tree
🎃 萬聖節 万圣节 halloween
🌸 花 櫻花 樱花 flower blossom
🌹 玫瑰 rose
☀️ 太陽 太阳 sun
🌧️ 雨 rain
🌀 颱風 台风 打風 typhoon
☕ 咖啡 coffee
🍵 茶 tea
🍜 麵 面 noodles
🥢 筷子 chopsticks
🛒 購物車 购物车 cart
🛍️ 購物 购物 買嘢 shopping bags
📦 包裹 貨 货 parcel box package
🚚 送貨 送货 派送 delivery truck
🚛 運貨 运货 lorry truck
✈️ 空運 空运 飛機 飞机 plane air
🚢 海運 海运 船 ship sea
🏪 便利店 門市 门店 store shop
🏠 屋企 家 地址 home address
📍 地點 地点 位置 location pin
📮 郵寄 邮寄 post
📬 信箱 mailbox
📱 手機 手机 電話 电话 phone mobile
☎️ 電話 电话 phone call
📧 電郵 邮件 email
💬 訊息 消息 message chat
📝 備註 备注 寫 写 note form
🧾 收據 收据 發票 发票 receipt invoice
💳 信用卡 付款 card payment
💰 錢 钱 退款 money refund
💵 現金 现金 cash
🏷️ 標籤 标签 價錢 价格 tag price
🎟️ 優惠券 优惠券 coupon ticket
🔗 連結 链接 link
🔒 鎖 锁 安全 lock secure
🔑 鎖匙 钥匙 密碼 密码 key password
⏰ 鬧鐘 闹钟 時間 时间 alarm time
⏳ 等 稍等 wait hourglass
🕐 時間 时间 鐘 钟 clock time
📅 日期 日曆 日历 date calendar
✅ 完成 得 可以 yes done check
☑️ 剔 勾選 勾选 tick
❌ 唔得 不行 錯 错 no cross wrong
⚠️ 注意 警告 warning
❓ 問題 问题 question
❗ 重要 注意 important exclamation
ℹ️ 資料 信息 information
🔍 搵 查 搜尋 搜索 search
🔄 換貨 换货 更換 更换 exchange refresh
↩️ 退貨 退货 返回 return back
➡️ 下一步 右 next right
🆗 OK 好 ok
🆕 新 new
👕 衫 衣服 shirt clothes
👗 裙 dress
👟 鞋 波鞋 shoes sneakers
👜 袋 包 bag handbag
🧢 帽 cap hat
💄 化妝 化妆 lipstick makeup
📏 尺寸 呎吋 size ruler
🐶 狗 dog
🐱 貓 猫 cat
`;

export const EMOJIS = LIST.trim().split("\n").map((line) => {
  const [sign, ...words] = line.split(" ");
  return { sign, name: words[0], words: words.join(" ").toLowerCase() };
});

/** Those with all of these words, the ones that begin with the first before the others. */
export function emojisLike(words) {
  const wanted = words.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const found = EMOJIS.filter((one) => wanted.every((word) => one.words.includes(word) || one.sign === word));
  const begins = (one) => ` ${one.words}`.includes(` ${wanted[0] ?? ""}`);
  return [...found.filter(begins), ...found.filter((one) => !begins(one))];
}
