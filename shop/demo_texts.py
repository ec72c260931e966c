"""The goods, people, places and couriers of the demo shop Harbour Goods. Every name and address is made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shop.locales import in_four
from shop.products import Stock
from shop.records import ParcelStatus

CURRENCIES = {"HK": "HKD", "TW": "TWD", "CN": "CNY"}
LOCALES_OF_REGION = {"HK": "zh-HK", "TW": "zh-TW", "CN": "zh-CN"}
CARRIERS = {"HK": ("SF Express", "Hongkong Post"), "TW": ("Black Cat", "SF Express"), "CN": ("ZTO", "SF Express")}


@dataclass(frozen=True)
class Product:
    id: str
    name: Mapping[str, str]
    prices: Mapping[str, int]


def _product(product_id: str, hk: str, tw: str, cn: str, en: str, hkd: int, twd: int, cny: int) -> Product:
    return Product(product_id, in_four(hk, tw, cn, en), {"HKD": hkd, "TWD": twd, "CNY": cny})


PRODUCTS = (
    _product("canvas-tote", "帆布 Tote Bag", "帆布托特包", "帆布托特包", "Canvas tote bag", 168, 690, 149),
    _product(
        "backpack-20l",
        "防水背囊 20 公升",
        "防水後背包 20 公升",
        "防水双肩包 20 升",
        "Waterproof backpack, 20 l",
        498,
        1990,
        439,
    ),
    _product("coin-purse", "真皮散紙包", "真皮零錢包", "真皮零钱包", "Leather coin purse", 228, 890, 199),
    _product(
        "shopping-bag", "可摺疊環保購物袋", "可摺疊環保購物袋", "可折叠环保购物袋", "Foldable shopping bag", 58, 229, 49
    ),
    _product(
        "packing-cubes",
        "旅行收納袋（一套六件）",
        "旅行收納袋六件組",
        "旅行收纳袋六件套",
        "Packing cubes, set of six",
        188,
        750,
        165,
    ),
    _product(
        "oolong-150g",
        "凍頂烏龍茶 150 克",
        "凍頂烏龍茶 150 公克",
        "冻顶乌龙茶 150 克",
        "Dong Ding oolong tea, 150 g",
        158,
        620,
        138,
    ),
    _product(
        "puerh-357g",
        "陳年普洱茶餅 357 克",
        "陳年普洱茶餅 357 公克",
        "陈年普洱茶饼 357 克",
        "Aged pu-erh cake, 357 g",
        388,
        1550,
        328,
    ),
    _product(
        "milk-tea-500g",
        "港式奶茶茶葉 500 克",
        "港式奶茶茶葉 500 公克",
        "港式奶茶茶叶 500 克",
        "Hong Kong milk tea blend, 500 g",
        98,
        390,
        88,
    ),
    _product(
        "glass-teapot",
        "玻璃茶壺連隔篩",
        "玻璃茶壺附濾網",
        "玻璃茶壶带滤网",
        "Glass teapot with strainer",
        218,
        860,
        189,
    ),
    _product(
        "travel-mug",
        "不鏽鋼旅行杯 350 毫升",
        "不鏽鋼隨行杯 350 毫升",
        "不锈钢随行杯 350 毫升",
        "Stainless steel travel mug, 350 ml",
        198,
        790,
        169,
    ),
    _product(
        "bed-sheet",
        "純棉床單（雙人）",
        "純棉床包（雙人）",
        "纯棉床单（双人）",
        "Cotton bed sheet, double",
        328,
        1290,
        289,
    ),
    _product(
        "bamboo-towels",
        "竹纖維毛巾兩條裝",
        "竹纖維毛巾兩入",
        "竹纤维毛巾两条装",
        "Bamboo towels, pack of two",
        118,
        460,
        99,
    ),
    _product(
        "scented-candle",
        "香薰蠟燭（雪松）",
        "香氛蠟燭（雪松）",
        "香薰蜡烛（雪松）",
        "Scented candle, cedar",
        148,
        580,
        128,
    ),
    _product(
        "charger-65w", "65W USB-C 充電器", "65W USB-C 充電器", "65W USB-C 充电器", "65 W USB-C charger", 268, 990, 199
    ),
    _product("earbuds", "無線藍牙耳機", "無線藍牙耳機", "无线蓝牙耳机", "Wireless earbuds", 458, 1790, 379),
    _product(
        "power-bank",
        "行動充電器 10000mAh",
        "行動電源 10000mAh",
        "充电宝 10000mAh",
        "Power bank, 10,000 mAh",
        238,
        890,
        169,
    ),
    _product("desk-lamp", "LED 枱燈", "LED 檯燈", "LED 台灯", "LED desk lamp", 298, 1180, 259),
    _product("mini-fan", "USB 迷你風扇", "USB 迷你風扇", "USB 迷你风扇", "USB mini fan", 88, 350, 69),
)

# Those with a picture, which stand in the window of the shop's page as well (connectors/web/static/shop/goods.js).
IN_THE_WINDOW = (
    "canvas-tote", "oolong-150g", "desk-lamp", "earbuds", "backpack-20l", "glass-teapot", "travel-mug", "charger-65w",
)  # fmt: skip
STOCK = {
    "oolong-150g": Stock.LOW,
    "bed-sheet": Stock.LOW,
    "earbuds": Stock.PREORDER,
    "milk-tea-500g": Stock.SOLD_OUT,
}

# Given names stand beside their romanisation, family names too, so that e-mail addresses fit their owners.
FAMILY_NAMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "HK": (
        ("陳", "chan"), ("黃", "wong"), ("李", "lee"), ("梁", "leung"), ("林", "lam"),
        ("張", "cheung"), ("吳", "ng"), ("何", "ho"), ("鄭", "cheng"), ("鄧", "tang"),
    ),
    "TW": (
        ("陳", "chen"), ("林", "lin"), ("黃", "huang"), ("張", "chang"), ("李", "li"),
        ("王", "wang"), ("吳", "wu"), ("劉", "liu"), ("蔡", "tsai"), ("楊", "yang"),
    ),
    "CN": (
        ("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"),
        ("杨", "yang"), ("赵", "zhao"), ("周", "zhou"), ("徐", "xu"), ("孙", "sun"),
    ),
}  # fmt: skip
GIVEN_NAMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "HK": (
        ("嘉欣", "kayan"), ("志明", "chiming"), ("詠詩", "wingsze"),
        ("家豪", "kaho"), ("淑儀", "shukyee"), ("俊傑", "chunkit"),
        ("曉彤", "hiutung"), ("偉文", "waiman"), ("穎琳", "winglam"),
        ("浩然", "hoyin"), ("麗珊", "laishan"), ("子軒", "tszhin"),
    ),
    "TW": (
        ("雅婷", "yating"), ("俊宏", "chunhung"), ("怡君", "yichun"),
        ("冠宇", "kuanyu"), ("淑芬", "shufen"), ("建宏", "chienhung"),
        ("佳穎", "chiaying"), ("承翰", "chenghan"), ("宜庭", "yiting"),
        ("柏翰", "pohan"), ("美惠", "meihui"), ("宗翰", "tsunghan"),
    ),
    "CN": (
        ("伟", "wei"), ("静怡", "jingyi"), ("浩", "hao"), ("欣怡", "xinyi"), ("建国", "jianguo"), ("雨桐", "yutong"),
        ("磊", "lei"), ("秀英", "xiuying"), ("子涵", "zihan"),
        ("丽娜", "lina"), ("志强", "zhiqiang"), ("晓明", "xiaoming"),
    ),
}  # fmt: skip
ENGLISH_NAMES = (
    "Emily Chan", "Jason Lau", "Priya Sharma", "Daniel Fong", "Grace Tse", "Michael Brown",
    "Sophie Martin", "Kelvin Yip", "Rachel Kwok", "Tom Fletcher", "Anita Gurung", "Victor Poon",
)  # fmt: skip

TAGS = ("vip", "newsletter", "gift buyer", "wholesale")

# Along the way, from the shop's warehouse to the door.
PLACES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "HK": ("葵涌倉庫", "青衣轉運中心", ("觀塘派送站", "沙田派送站", "中環派送站", "元朗派送站", "將軍澳派送站")),
    "TW": ("葵涌倉庫", "桃園轉運中心", ("台北大安營業所", "新北板橋營業所", "台中西屯營業所", "高雄左營營業所")),
    "CN": ("葵涌倉庫", "深圳转运中心", ("广州天河营业点", "上海徐汇营业点", "北京朝阳营业点", "成都武侯营业点")),
}

ANNOUNCED = in_four("商戶已建立寄件單", "賣家已建立託運單", "商家已下单，等待揽收", "Shipping label created")
COLLECTED = in_four("速遞員已收件", "物流士已取件", "快递员已揽收", "Collected by the courier")
DEPARTED = in_four("已離開轉運中心", "已離開轉運中心", "已离开转运中心", "Left the sorting centre")
OUT = in_four("派送中", "配送中", "派送中", "Out for delivery")
TO_PICK_UP = in_four(
    "已到達自提點，待取件", "已到取貨點，待取貨", "已到自提点，请及时取件", "Arrived at the pick-up point"
)
DELIVERED = in_four("已送達，收件人簽收", "已送達，收件人簽收", "已签收", "Delivered and signed for")
RETURNED = in_four("已退回寄件人", "已退回寄件人", "已退回寄件人", "Returned to sender")

ADDRESS_PROBLEM = in_four(
    "地址不詳，未能派送", "地址不完整，無法配送", "地址不详，无法派送", "Address incomplete, could not be delivered"
)
EXCEPTIONS = (
    ADDRESS_PROBLEM,
    in_four(
        "收件人不在，派送失敗", "收件人不在，配送未成功", "收件人不在，派送失败", "Nobody at home, delivery failed"
    ),
    in_four("清關中，需補交資料", "清關中，需補件", "清关中，需补充资料", "Held in customs, papers needed"),
    in_four("包裹損壞，待處理", "包裹破損，處理中", "包裹破损，待处理", "Parcel damaged, being looked into"),
)

# What the courier has said by the time a parcel has this status.
JOURNEYS: Mapping[ParcelStatus, tuple[Mapping[str, str], ...]] = {
    ParcelStatus.ANNOUNCED: (ANNOUNCED,),
    ParcelStatus.IN_TRANSIT: (ANNOUNCED, COLLECTED, DEPARTED),
    ParcelStatus.OUT_FOR_DELIVERY: (ANNOUNCED, COLLECTED, DEPARTED, OUT),
    ParcelStatus.AWAITING_PICKUP: (ANNOUNCED, COLLECTED, DEPARTED, TO_PICK_UP),
    ParcelStatus.DELIVERED: (ANNOUNCED, COLLECTED, DEPARTED, OUT, DELIVERED),
    ParcelStatus.EXCEPTION: (ANNOUNCED, COLLECTED, DEPARTED, OUT),
    ParcelStatus.RETURNED: (ANNOUNCED, COLLECTED, DEPARTED, OUT, RETURNED),
}
