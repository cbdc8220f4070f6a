"""Chinese and English of the reporter's form and receipt: reporters abroad come first; other pages are Chinese.

A word that is not here is shown as the templates have it, in Chinese.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import request

ENGLISH = {
    "报送线索": "Report a lead",
    "先粘贴，再核对，一分钟报完": "Paste first, check, and send within a minute",
    "粘贴微信文字、名片或执照": "Paste chat text, a business card or a licence",
    "识别并填入下表": "Read into the form",
    "逐行写“名称：……”“投资：3亿”“面积：5000平”最准；认不出的行会原样留在“补充说明”。":
        "One “label: value” per line reads best; lines not understood are kept under “More to say”.",
    "企业名称": "Company name",
    "不便透露名称时可空着，但须写明做什么；无名线索不享有首报保护": "May be left empty if confidential; "
        "then say what they make. A lead without a name has no protection",
    "做什么": "What they make", "亩": "mu", "万元": "10,000 yuan",
    "主要产品、工艺、用途，一两句话": "Main products, processes and uses, a sentence or two",
    "需要厂房或办公": "Floor space needed",
    "需要土地": "Land needed",
    "不知道可空着": "Leave empty if unknown",
    "计划投资": "Planned investment",
    "可写 3亿、8000万": "“30000” means 300 million yuan",
    "联系人": "Contact",
    "职务": "Title",
    "电话": "Telephone",
    "邮箱": "E-mail",
    "最近洽谈": "Last talk",
    "和谁谈": "With whom",
    "更多（都可以不填）": "More (all optional)",
    "统一社会信用代码": "Unified social credit code",
    "补充说明": "More to say",
    "项目类型": "Kind",
    "选址方式": "Site",
    "意向区镇": "Preferred district",
    "保密项目": "Confidential",
    "只以代号出现，仅指定人员可见": "Shown under a code name, to named persons only",
    "报送": "Send",
    "报送后即得回执与首报答复": "You get a receipt and the reported-or-not answer at once",
    "报送编号": "Your reference",
    "同一编号重复提交只算一次；自动生成，也可填本单位编号": "The same reference counts once; made for you, or use your own",
    "省份": "Province", "城市": "City", "国别或地区": "Country or region", "资本来源": "Origin of capital",
    "内资": "Mainland", "台资": "Taiwan", "港澳资": "Hong Kong or Macao", "外资": "Foreign",
    "新设": "New", "增资扩产": "Expansion", "市内迁移": "Relocation within the city", "总部": "Headquarters",
    "研发": "R&D", "团队": "Team", "供地": "Land", "租赁": "Lease", "购置": "Purchase", "办公": "Office", "未定": "Open",
    "经营范围": "Business scope", "工艺风险": "Process risks", "电镀、涂布、喷涂、危化等，用顿号隔开": "e.g. plating, coating",
    "英文名": "English name", "计划开工": "Planned start", "固定资产投资": "Fixed assets", "就业人数": "Jobs",
    "回执": "Receipt", "回执号": "Receipt no.", "收到时间": "Received at", "状态": "State",
    "此前是否已有单位报送": "Reported before?",
    "是": "Yes", "否": "No", "保护至": "protected until", "本小时查询次数已用完，答复暂不提供，回执照常有效":
        "The limit of this hour is used up: no answer, the receipt is valid all the same",
    "未填企业名称，无法比对": "No company name, nothing to compare",
    "答复只在报送时给出一次": "The answer is given once, when reporting",
    "已登记，处理中": "Recorded, being processed", "已受理入库": "Accepted", "内容有误，待更正": "Faulty, to be corrected",
    "还需要佐证": "Still to be proven", "下一步": "Next steps", "查看线索": "See the lead", "再报一条": "Report another",
    "首报保护": "Protection", "投资方联系人": "A contact of the investor", "明确的落户意向": "A concrete intention for the city",
    "由本单位以外的人确认": "A confirmation by somebody else", "已提供": "given", "待补": "missing", "截止": "by",
    "盲查": "Blind check", "只答是否，不显示是谁": "Yes or no, never who", "查一下": "Check",
}  # fmt: skip
LANGUAGES = ("zh", "en")


def language() -> str:
    """`?lang=` (or the form's), else what the browser asks for."""
    asked = request.values.get("lang", "")
    return asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "zh") or "zh"


def wording() -> Callable[[str], str]:
    """The translator of this request."""
    return (lambda chinese: ENGLISH.get(chinese, chinese)) if language() == "en" else (lambda chinese: chinese)
