"""Words of company names: forms (组织形式), branches, industries (行业) and remarks people add to a name.

General language of the trade, the same in every city; names of places are in `search/regions.py`.
Read by `search/names.py` alone.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LEGAL_FORMS = (
    "股份有限公司 有限责任公司 有限公司 股份公司 总公司 公司 合伙企业(有限合伙) 合伙企业(普通合伙) 合伙企业 "
    "事务所(特殊普通合伙) 事务所(普通合伙) 事务所 (有限合伙) (普通合伙) (特殊普通合伙)"
)
FORMS = frozenset(
    group + form for group in ("集团", "(集团)", "控股集团", "") for form in _words(_LEGAL_FORMS)
) | _words("集团 总厂 厂 专业合作社 合作社 研究院 研究所 个人独资企业 经营部 工作室 商行")
LATIN_FORMS = _words(
    "co.,ltd. co.,ltd ltd. limited ltd inc."
    " inc incorporated corp. corp corporation company gmbh llc plc s.a. ag k.k. b.v."
) | {"co., ltd.", "co., ltd", "co. ltd.", "co. ltd", "co ltd", "pte. ltd.", "pte ltd"}
BRANCHES = _words("分公司 子公司 办事处 代表处 联络处 分厂 分部 分店 事业部 营业部 分院 项目部")
REMARKS = _words(
    """
    扩建 新建 改建 迁建 技改 增资 增资扩产 扩产 搬迁 迁入 筹 筹建 筹备 筹备中 筹建中 拟设
    拟设立 拟 暂定 暂定名 暂名 待定 新设 在建 项目 项目公司 一期 二期 三期 四期 重点 存续 在业
    开业 注销 迁出 吊销 已更名 更名 重复 补报 更正
    """
)
INDUSTRY_WORDS = _words(
    """
    科技 技术 高科技 高新技术 信息 信息技术 软件 网络 数据 数字 通信 通讯 互联网 物联网 云计算
    人工智能 智能 智能科技 智能装备 智能制造 智造 电子 电子科技 微电子 光电 光电子 光学 光电科技
    半导体 集成电路 芯片 传感 传感器 显示 显示器件 电路 电路板 元器件 连接器 线束 电气 电器 电力
    电源 电缆 电机 电工 机电 电声 电池 储能 能源 新能源 氢能 光伏 太阳能 风电 动力 机械 机器人
    自动化 精密 精密机械 精工 精机 装备 设备 仪器 仪表 模具 模塑 数控 机床 激光 焊接 轴承
    紧固件 五金 金属 特钢 钢铁 铝业 铜业 有色 合金 铸造 锻造 材料 新材料 高分子 复合材料 陶瓷
    玻璃 塑料 塑胶 橡胶 化工 化学 涂料 纤维 纺织 服装 服饰 印染 造纸 包装 印刷 印务 生物
    生物科技 生物技术 生物医药 医药 制药 药业 新药 医疗 医疗器械 医疗科技 医学 医院 健康 诊断
    基因 试剂 中药 食品 饮料 乳业 农业 牧业 渔业 粮油 酒业 餐饮 咖啡 茶业 调味 生鲜 冷链 汽车
    汽车零部件 汽配 车业 交通 轨道 航空 航天 无人机 船舶 海洋 物流 运输 供应链 仓储 快递 港务
    建筑 建设 建材 工程 装饰 置业 地产 房地产 物业 园林 环保 环境 水务 水处理 节能 燃气 石油
    石化 煤业 矿业 冶金 贸易 商贸 进出口 商业 百货 超市 零售 电子商务 实业 工业 产业 企业管理
    企业 管理 咨询 服务 检测 认证 设计 研发 研究 教育 培训 文化 传媒 广告 影视 旅游 酒店 体育
    娱乐 游戏 出版 金融 银行 保险 证券 基金 投资 资本 资产 创投 租赁 信托 担保 财务 会计师
    律师 知识产权 人力资源 安防 安全 家居 家具 家电 玩具 珠宝 眼镜 美妆 日化 宠物 虚拟现实 卫星
    测控 控制 系统 系统集成 微系统 真空 流体 液压 气动 阀门 泵业 压缩机 空调 制冷 暖通 照明
    发展 股份 开发 制造 制品 产品 电梯 重工 重机 冷却塔
    """
)
