"""Names that could be anyone's: drawn from common surnames and characters, never from a list of people."""

from __future__ import annotations

from random import Random

# Share of the most common surnames, in tenths of a percent (order of the 2020 census bulletin).
_SURNAMES = (
    "王72 李72 张68 刘53 陈46 杨31 黄23 赵22 吴21 周20 徐15 孙14 马13 朱13 胡13 郭12 何12 林12 高11 罗11 郑10 梁9 谢8 宋7 "
    "唐7 许6 韩6 邓6 冯6 曹6 彭6 曾6 肖6 田5 董5 潘5 袁5 蔡5 蒋5 余5 于5 杜5 叶5 程5 魏5 苏5 吕5 丁4 任4 卢4 姚4 沈4 "
    "钟4 姜4 崔4 谭4 陆4 范4 汪4 廖4 石4 金4 韦3 贾3 夏3 付3 方3 邹3 熊3 白3 孟3 秦3 邱3 侯3 江3 尹3 薛3 闫3 段3 雷3 "
    "龙3 黎3 史3 陶3 贺3 毛3 郝3 顾3 龚3 邵3 万3 覃2 武2 钱2 戴2 严2 莫2 孔2 向2 常2 欧阳1 司马1 上官1 诸葛1 䶮1 㑇1"
)
_SURNAME, _SURNAME_WEIGHT = zip(
    *((w.rstrip("0123456789"), int(w[len(w.rstrip("0123456789")) :])) for w in _SURNAMES.split()), strict=True
)

_GIVEN = {
    ("1", "old"): "建国明华德荣富贵福生祥林清云世昌永文忠义成志学家光金玉安国松柏仁寿",
    ("2", "old"): "秀英兰珍淑芳桂玉琼素华群碧清惠贞蓉凤莲菊翠云香琴素仙美玲",
    ("1", "mid"): "伟强勇军磊洋涛超斌杰鹏辉刚波峰亮飞平建海川俊毅东林龙宏健凯",
    ("2", "mid"): "丽娟敏静艳霞燕红梅萍玲芳婷倩洁雪琳莉颖晓丹慧佳蓉春利",
    ("1", "new"): "子轩浩宇辰梓睿泽奕铭博涵一诺宸皓逸俊熙嘉昊天沐霖哲航",
    ("2", "new"): "梓欣怡诗涵雨桐一诺可馨思彤若曦语芮妍梦琪依萱子瑶沐悦嘉宁",
}
_RARE = ("𠮷", "䶮", "喆", "犇", "翀", "㛃", "堃", "祎", "旻", "𬭚")
_OTHERS = {
    "05": (("阿依古丽", "买买提江", "阿卜杜", "古丽娜尔", "艾力", "热依汗"), ("买买提", "吐尔逊", "阿不都拉", "艾山")),
    "04": (("扎西", "卓玛", "丹增", "央金", "次仁", "德吉"), ("多吉", "拉姆", "平措", "曲珍")),
    "07": (("阿牛", "尔古", "阿依", "吉克"), ("木呷", "曲布", "尔且", "阿呷")),
}
_DOTTED_SHARE = {"05": 1.0, "04": 0.15, "07": 0.3}
_LATIN = (("ANNA", "PETER", "MARIA", "JAMES", "SOFIA", "PAUL"), ("EXAMPLE", "SAMPLE", "MUSTER", "SPECIMEN"))
_VARIANTS = {
    "峰": "锋",
    "艳": "燕",
    "丽": "莉",
    "琴": "芹",
    "涛": "韬",
    "兰": "蓝",
    "英": "瑛",
    "华": "桦",
    "杰": "洁",
    "宇": "雨",
    "涵": "晗",
    "玲": "铃",
    "强": "強",
    "辉": "晖",
    "林": "琳",
    "梓": "子",
}


def surname(rng: Random) -> str:
    return rng.choices(_SURNAME, _SURNAME_WEIGHT)[0]


def family(name: str) -> str:
    """The surname of a Han name."""
    return name[:2] if name[:2] in ("欧阳", "司马", "上官", "诸葛") else name[:1]


def given(rng: Random, sex: str, birth_year: int) -> str:
    """One or two characters of the fashion of the year; one in 300 holds a rare character."""
    era = "old" if birth_year < 1968 else "mid" if birth_year < 2000 else "new"
    pool = _GIVEN[sex, era]
    first = rng.choice(pool)
    if rng.random() < 1 / 300:
        return first + rng.choice(_RARE)
    single = {"old": 0.12, "mid": 0.4, "new": 0.1}[era]
    return first if rng.random() < single else first + rng.choice(pool)


def someone(rng: Random) -> str:
    """A grown person's name, of nobody in the street."""
    return surname(rng) + given(rng, rng.choice("12"), rng.randint(1958, 1998))


def minority(rng: Random, ethnicity: str) -> str | None:
    """A name of this ethnic group, some written with a dot; None where Han names are usual."""
    if ethnicity not in _OTHERS:
        return None
    first, last = _OTHERS[ethnicity]
    dot = "·" if rng.random() < _DOTTED_SHARE[ethnicity] else ""
    return rng.choice(first) + dot + rng.choice(last)


def latin(rng: Random) -> str:
    """The name of a foreign resident as a passport prints it."""
    return f"{rng.choice(_LATIN[1])} {rng.choice(_LATIN[0])}"


def variant(name: str) -> str | None:
    """The same name with a character that sounds the same, as another office wrote it."""
    for index, char in enumerate(name[1:], 1):
        if char in _VARIANTS:
            return name[:index] + _VARIANTS[char] + name[index + 1 :]
    return None


def has_rare(name: str) -> bool:
    return any(char in _RARE or char in "䶮㑇" for char in name)
