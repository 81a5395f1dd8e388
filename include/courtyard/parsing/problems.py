"""The vocabulary of what can be wrong: code -> severity, message and suggestion in plain Chinese.

Texts are filled with a column's header or a structural detail (a sheet's title, a cell's name, a count),
never with a value from a data cell. Validation and identity use the same table.
"""

from __future__ import annotations

from typing import NamedTuple


class Wording(NamedTuple):
    severity: str
    message: str
    suggestion: str


def _error(message: str, suggestion: str) -> Wording:
    return Wording("error", message, suggestion)


def _warning(message: str, suggestion: str) -> Wording:
    return Wording("warning", message, suggestion)


_SAVE_AS = "请用 Excel 或 WPS 打开，选“另存为”，保存类型选“Excel 工作簿（*.xlsx）”，再重新报送"
_ASK = "请重新导出后再报送；如仍不行，请联系街道社区发展治理办公室"

WORDINGS: dict[str, Wording] = {
    # identity numbers
    "id.checksum": _error("{header}校验位不正确", "请对照身份证逐位核对"),
    "id.length": _error("{header}位数不对，应为18位", "请补全18位号码；没有号码的请留空"),
    "id.masked": _error("{header}中含有星号，不是完整号码", "请填写完整的18位号码"),
    "id.numeric_cell": _error(
        "{header}单元格是数字格式，Excel只保留15位，后三位已丢失",
        "请把该列设为“文本”格式后重新录入号码，不能用已有内容转换",
    ),
    "id.birth_impossible": _error("{header}中的出生日期不存在", "请对照身份证核对第7至14位"),
    "id.fifteen_digits": _warning("{header}是15位旧号码，已换算为18位", "请核对并改填18位号码"),
    "disability.format": _error("{header}不是残疾人证号", "请按证件填写20位号码：18位身份证号、1位类别、1位等级"),
    # codes of organisations
    "credit.length": _error("{header}位数不对，应为18位", "请对照登记证书填写；没有统一社会信用代码的请留空"),
    "credit.checksum": _error("{header}校验位不正确", "请对照登记证书逐位核对，代码中没有字母I、O、S、V、Z"),
    # dates and times
    "date.unreadable": _error("{header}看不懂", "请写成2024-03-01、2024-03或2024这样的日期"),
    "date.ambiguous": _error("{header}有不止一种读法", "请写四位年份，按年-月-日的次序，如2024-03-01"),
    "date.impossible": _error("{header}是不存在的日期", "请核对年、月、日"),
    "date.float_month": _error(
        "{header}是数字格式，分不清是1月还是10月", "请把单元格设为“文本”格式，写成2024-01或2024-10"
    ),
    "date.imprecise": _error("{header}写得不够细", "请按要求写到月或日，如2024-03或2024-03-01"),
    "date.imprecise_kept": _warning(
        "{header}写得不够细，已按所写的内容保留", "请尽量写到月或日，如2024-03或2024-03-01"
    ),
    # numbers, codes, marks
    "number.unreadable": _error("{header}不是数字", "请只填阿拉伯数字，单位写在表头里"),
    "number.out_of_range": _error("{header}超出合理范围", "请核对数值和单位"),
    "code.unknown": _error("{header}不在可选项内", "请从下拉列表中选择，或按填表说明填写"),
    "yes_no.unknown": _error("{header}分不清是或否", "请填“是”或“否”，不清楚的请留空"),
    # names, phones, texts
    "phone.unreadable": _warning("{header}不是电话号码，未采用", "请填11位手机号或带区号的固定电话"),
    "name.unreadable": _error("{header}中有无法识别的字", "请用支持生僻字的输入法重新录入，不要用?、〓代替"),
    "text.replacement_char": _error("{header}中有乱码", "请核对原始内容后重新录入"),
    "text.invalid_character": _error("{header}中有无法保存的字符", "请删除该单元格内容后重新录入"),
    "text.numeric_cell": _error("{header}单元格是数字格式，超过15位的数字已丢失", "请把该列设为“文本”格式后重新录入"),
    "text.id_number": _warning("{header}中写有身份证号，号码已隐去", "请把号码填在身份证号一列，不要写在其他列"),
    "text.date_cell": _error("{header}被Excel自动改成了日期", "请把单元格设为“文本”格式后重新录入，如3-2-501"),
    # cells and rows
    "cell.error_value": _error("{header}是公式错误值", "请改正公式，或直接填写结果"),
    "cell.formula_without_value": _error("{header}是没有计算结果的公式", "请在Excel中打开并保存一次，或直接填写结果"),
    "cell.too_long": _error("{header}超过32767个字", "请缩短内容"),
    "cell.nested": _error("{header}应为单个值，收到的是一组数据", "请数据提供方核对接口"),
    "required.missing": _error("{header}未填写", "此项必填，请补充"),
    "row.hidden": _warning("此行是隐藏行，已按正常行读取", "如不需要上报，请删除此行"),
    "row.cleared": _warning(
        "此行已预填的内容被清空，系统仍保留原来的记录", "如此人已不在，请恢复此行，并在“变动情况”中选择迁出、死亡等"
    ),
    "record.repeated": _warning("同一记录在本次报送中出现不止一次", "请核对，只保留一行"),
    "record.ref_invalid": _warning(
        "此行的系统编号与姓名对不上，未采用",
        "请不要排序或改动隐藏的“系统编号”列，新增人员请填在空白行；此行已按证件号码或姓名认定",
    ),
    "record.ref_repeated": _warning(
        "几行的系统编号相同，可能是复制了整行，未采用", "新增人员请填在空白行，不要复制已有的行"
    ),
    "record.unreadable": _error("此条记录无法读取", _ASK),
    "record.duplicate_field": _error("此条记录中同一字段出现两次", "请数据提供方核对接口"),
    "household.merge_outside": _warning(
        "{header}的合并单元格只作为第一行的内容", "请取消合并，逐行填写；只有户信息可以合并"
    ),
    "csv.ragged_row": _error("此行的列数与表头不一致", "请核对此行是否多了或少了分隔符"),
    "csv.nul": _error("此行含有空字符，可能已损坏", _ASK),
    "csv.undecodable_line": _error("此行的文字编码与全文不一致", "请用同一种编码重新导出"),
    # tables
    "total.mismatch": _warning("合计行的数字与数据行不一致：{detail}", "请核对是否有漏填或多填的行"),
    "nochange.contradicted": _warning(
        "本表情况写的是“无变化”，但此行的{header}写着有变化", "请把本表情况改为“有变化”，或核对此行的{header}"
    ),
    "answer.unknown": _warning("本表情况看不懂，未采用", "请从下拉列表中选择“有变化”“无变化”或“本季度无”"),
    "nil.contradicted": _warning("表中写了“本季度无”，但仍有数据行", "请删除“本季度无”，或清空数据行"),
    "column.hidden": _warning("{header}所在列是隐藏列，已按正常列读取", "请取消隐藏后核对"),
    "sheet.hidden": _warning("工作表是隐藏的，已按正常工作表读取", "请取消隐藏后核对"),
    "sheet.missing": _error("缺少工作表“{detail}”", "请使用街道下发的采集表，不要删除工作表或改动表头"),
    "sheet.unused": _warning("工作表“{detail}”与任何采集表都不相符，未读取", "如有数据，请移到对应的工作表中"),
    "sheet.wrong_name": _warning("表头与工作表名称不符，已按表头读取", "请核对工作表名称"),
    "header.missing": _error("找不到表头", "请使用街道下发的采集表，不要改动表头"),
    "header.missing_column": _error("缺少必填列“{header}”", "请补上该列，不要改动表头文字"),
    "header.unknown_column": _warning("多出一列，未采用：{detail}", "如需采集该列，请联系街道社区发展治理办公室"),
    "header.wrong_unit": _error(
        "“{header}”的单位写的是“{detail}”，与规定的不是同一类，此列未采用", "请按规定的单位填写，并在表头写明，如（元）"
    ),
    "form.outdated": _warning("用的是已停用的旧版表格{detail}，已按旧版读取", "下次请使用街道最新下发的采集表"),
    "header.duplicate": _error("表头“{header}”出现了两次", "请保留一列，删除另一列"),
    "header.invalid": _error("表头中有不允许的内容：{detail}", "请使用规定的表头"),
    # files
    "file.not_a_workbook": _error("文件不是Excel工作簿：{detail}", _SAVE_AS),
    "file.not_text": _error(
        "文件不是CSV文本：{detail}", "请用 Excel 或 WPS 打开，选“另存为”，保存类型选“CSV”，再重新报送"
    ),
    "file.html": _error("文件其实是网页，只是扩展名写成了Excel", _SAVE_AS),
    "file.legacy_xls": _error("文件是旧版Excel（.xls）格式，无法读取", _SAVE_AS),
    "file.encrypted": _error("文件设了打开密码", "请在Excel“信息－保护工作簿”中去掉密码，另存后再报送"),
    "file.truncated": _error("文件不完整，可能没有传完", "请重新上传"),
    "file.damaged": _error("文件已损坏：{detail}", _SAVE_AS),
    "file.too_large": _error("文件过大：{detail}", "请删除多余的行、列和图片，或分成几个文件报送"),
    "file.unsafe": _error("文件含有不允许的内容：{detail}", "请去掉宏、外部链接和嵌入文件，另存为.xlsx后再报送"),
    "file.crashed": _error("文件无法读取，读取程序已中止", _SAVE_AS),
    "file.row_count": _error("读到的行数与文件中的行数不一致", _ASK),
    "file.empty": _error("文件是空的", "请核对后重新报送"),
    "file.broken_quotes": _error("引号没有成对，分不清各行：{detail}", _ASK),
    "file.undecodable": _error("文字编码无法识别", "请存为UTF-8或GB18030编码后重新报送"),
    "file.wrong_unit": _error("表内的填报单位与文件名中的网格不一致", "请核对网格编码，用本网格的采集表报送"),
    # submissions as a whole: {detail} names quarters or says what holds
    "submission.wrong_unit": _error(
        "文件名、表内填报单位和采集表本身不是同一个网格", "请用街道下发给本网格的采集表，不要改动文件名中的网格编码"
    ),
    "submission.unknown_unit": _error(
        "看不出是哪个网格报送的，或该网格在{detail}不存在", "请在文件名开头写上本网格的15位编码，用本网格的采集表报送"
    ),
    "submission.wrong_period": _error(
        "表内写的季度不是本次采集的季度：{detail}", "请核对季度，用本季度的采集表重新报送"
    ),
    "submission.last_quarter_file": _error(
        "这是{detail}已经报送过的采集表", "请用本季度下发的采集表填报；如要更正那个季度的数据，请把“报送性质”选为“更正”"
    ),
    "submission.not_open": _error("{detail}", "请等采集开始后，用下发的采集表重新报送"),
    "submission.closed": _error("{detail}", "如需补报或更正，请联系街道社区发展治理办公室重新开放后再报送"),
    "submission.duplicate": _warning(
        "与之前的报送内容完全相同，没有重复计入", "不用再做什么；如果本想更正，请改好后重新报送"
    ),
    "submission.bad_signature": _error(
        "采集表中的系统信息被改动过或不是本街道下发的", "请用街道下发给本网格的采集表重新填报"
    ),
    "submission.unchanged_copy": _warning(
        "内容与{detail}报送的完全相同", "如果确实没有变化，请在“本表情况”中选“无变化”；如果交错了文件，请用更正重新报送"
    ),
    "file.wrong_period": _error("表内写的季度晚于报送的季度", "请核对季度，放到对应季度的文件夹中"),
    "page.unreadable": _error("第{detail}页不是约定的数据", "请数据提供方核对接口，然后重新取数"),
    "page.total_mismatch": _error("各页记录之和与声明的总数不一致：{detail}", "请重新取数"),
    # where
    "address.missing": _error("没有可以定位的地址", "请填写院落名称或门牌地址"),
    "address.unknown_courtyard": _error("{header}对不上任何院落", "请按院落名录填写院落名称或门牌号"),
    "address.ambiguous": _error("{header}可能是不止一个院落", "请写明路名、门牌号和院落名称"),
}


def wording(code: str, header: str = "", detail: str = "") -> Wording:
    """The severity, message and suggestion of a code. KeyError for a code nobody declared."""
    severity, message, suggestion = WORDINGS[code]
    named = header or "此列"
    return Wording(severity, message.format(header=named, detail=detail), suggestion.format(header=named))


def is_error(code: str) -> bool:
    """Whether a row with this problem goes to quarantine."""
    return WORDINGS[code].severity == "error"
