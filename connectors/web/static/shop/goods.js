/* What the demo shop sells, and the people and orders its demo data always contains. */

export const KINDS = ["bags", "tea", "home", "tech"];

const good = (art, kind, tone, price, hk, tw, cn, en) => ({ art, kind, tone, price, name: { "zh-HK": hk, "zh-TW": tw, "zh-CN": cn, en } });

export const GOODS = [
  good("tote", "bags", "sand", 288, "海軍藍帆布托特袋", "海軍藍帆布托特包", "海军蓝帆布托特包", "Canvas tote, navy"),
  good("oolong", "tea", "leaf", 168, "凍頂烏龍茶 150 克", "凍頂烏龍茶 150 克", "冻顶乌龙茶 150 克", "Dong Ding oolong, 150 g"),
  good("lamp", "home", "dusk", 420, "蘑菇小夜燈", "蘑菇小夜燈", "蘑菇小夜灯", "Mushroom night lamp"),
  good("speaker", "tech", "sea", 580, "防水藍牙喇叭", "防水藍牙喇叭", "防水蓝牙音箱", "Splash-proof speaker"),
  good("backpack", "bags", "leaf", 498, "輕便通勤背囊", "輕量通勤後背包", "轻便通勤双肩包", "Light commuter backpack"),
  good("teapot", "tea", "clay", 360, "紫砂小茶壺", "紫砂小茶壺", "紫砂小茶壶", "Small clay teapot"),
  good("cup", "home", "sea", 128, "海浪紋陶瓷杯", "海浪紋陶瓷杯", "海浪纹陶瓷杯", "Wave-glazed cup"),
  good("charger", "tech", "sand", 238, "三頭旅行充電器", "三孔旅行充電器", "三口旅行充电器", "Three-port travel charger"),
];

const CURRENCIES = { "zh-HK": ["HKD", 1], "zh-TW": ["TWD", 4.1], "zh-CN": ["CNY", 0.92], en: ["HKD", 1] };

export function priceOf({ price }, locale) {
  const [currency, rate] = CURRENCIES[locale];
  const tag = locale === "en" ? "en-HK" : locale;
  const amount = rate === 1 ? price : Math.round((price * rate) / 10) * 10;
  return new Intl.NumberFormat(tag, { style: "currency", currency, maximumFractionDigits: 0 }).format(amount);
}

const HK = { "zh-HK": "香港", "zh-TW": "香港", "zh-CN": "香港", en: "Hong Kong" };
const TW = { "zh-HK": "台灣", "zh-TW": "台灣", "zh-CN": "台湾", en: "Taiwan" };
const CN = { "zh-HK": "內地", "zh-TW": "中國大陸", "zh-CN": "大陆", en: "Mainland" };

export const CUSTOMERS = {
  "c-0001": { name: "陳美玲", from: HK },
  "c-0002": { name: "林志豪", from: TW },
  "c-0003": { name: "王芳", from: CN },
  "c-0004": { name: "Alex Wong", from: HK },
};

const about = (hk, tw, cn, en) => ({ "zh-HK": hk, "zh-TW": tw, "zh-CN": cn, en });

export const ORDERS = [
  { number: "HG10023847", customer: "c-0001", phone: "4567", about: about("順豐運送中", "順豐運送中", "顺丰运输中", "with SF Express") },
  { number: "HG10019932", customer: "c-0001", phone: "4567", about: about("已送達", "已送達", "已送达", "delivered") },
  { number: "HG10024001", customer: "c-0002", phone: "5678", about: about("包裝中", "包裝中", "打包中", "being packed") },
  { number: "HG10024105", customer: "c-0003", phone: "8000", about: about("派送遇到問題", "配送遇到問題", "派送遇到问题", "delivery problem") },
  { number: "HG10024222", customer: "c-0004", phone: "5678", about: about("昨日送達", "昨日送達", "昨天送达", "delivered yesterday") },
];
