/* What the demo shop sells, and the people and orders its demo data always contains. */

export const KINDS = ["bags", "tea", "home", "tech"];

const good = (id, kind, tone, hkd, twd, cny, hk, tw, cn, en) => (
  { id, kind, tone, prices: { HKD: hkd, TWD: twd, CNY: cny }, name: { "zh-HK": hk, "zh-TW": tw, "zh-CN": cn, en } });

/* A window of what the shop's own system (shop/demo_texts.py) sells, under the same ids, names and prices. */
export const GOODS = [
  good("canvas-tote", "bags", "sand", 168, 690, 149, "帆布 Tote Bag", "帆布托特包", "帆布托特包", "Canvas tote bag"),
  good("oolong-150g", "tea", "leaf", 158, 620, 138, "凍頂烏龍茶 150 克", "凍頂烏龍茶 150 公克", "冻顶乌龙茶 150 克", "Dong Ding oolong tea, 150 g"),
  good("desk-lamp", "home", "dusk", 298, 1180, 259, "LED 枱燈", "LED 檯燈", "LED 台灯", "LED desk lamp"),
  good("earbuds", "tech", "sea", 458, 1790, 379, "無線藍牙耳機", "無線藍牙耳機", "无线蓝牙耳机", "Wireless earbuds"),
  good("backpack-20l", "bags", "leaf", 498, 1990, 439, "防水背囊 20 公升", "防水後背包 20 公升", "防水双肩包 20 升", "Waterproof backpack, 20 l"),
  good("glass-teapot", "tea", "clay", 218, 860, 189, "玻璃茶壺連隔篩", "玻璃茶壺附濾網", "玻璃茶壶带滤网", "Glass teapot with strainer"),
  good("travel-mug", "home", "sea", 198, 790, 169, "不鏽鋼旅行杯 350 毫升", "不鏽鋼隨行杯 350 毫升", "不锈钢随行杯 350 毫升", "Stainless steel travel mug, 350 ml"),
  good("charger-65w", "tech", "sand", 268, 990, 199, "65W USB-C 充電器", "65W USB-C 充電器", "65W USB-C 充电器", "65 W USB-C charger"),
];

const CURRENCIES = { "zh-HK": "HKD", "zh-TW": "TWD", "zh-CN": "CNY", en: "HKD" };

export function priceOf({ prices }, locale) {
  const currency = CURRENCIES[locale];
  const tag = locale === "en" ? "en-HK" : locale;
  return new Intl.NumberFormat(tag, { style: "currency", currency, maximumFractionDigits: 0 }).format(prices[currency]);
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
