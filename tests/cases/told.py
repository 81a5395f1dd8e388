"""What residents might write, and what each text is about: written for these tests, no real person's words.

`TOLD` was looked at while the words of the pack were chosen. `UNSEEN` was written after that, by the same hand, and no word
was added for it: it tells how the words do on what nobody thought of.
"""

from __future__ import annotations

TOLD: tuple[tuple[str, str], ...] = (
    # light
    ("三单元楼道灯坏了，晚上黑漆漆的", "light"),
    ("院坝头那盏路灯不亮咯", "light"),
    ("声控灯咋个拍都不亮", "light"),
    ("单元门口的路灯坏了，晚上看不清台阶", "light"),
    ("单元门口的灯坏了。", "light"),
    ("路燈壞了好幾天", "light"),
    ("lu deng huai le", "light"),
    ("street light is broken near gate", "light"),
    ("楼道里的灯泡烧了，老人上下楼看不见", "light"),
    # facility
    ("健身器材的踏板断了一截", "facility"),
    ("单元门关不上，门禁刷不开", "facility"),
    ("井盖破了一块", "facility"),
    ("院子里的座椅少了一条腿", "facility"),
    ("信报箱锁坏了", "facility"),
    ("门口的栏杆倒了", "facility"),
    # waste
    ("垃圾桶满了三天没人收", "waste"),
    ("有人把旧沙发丢在院门口", "waste"),
    ("拉圾堆起好高，臭得很", "waste"),
    ("装修建渣堆在花台边上", "waste"),
    ("厨余桶好臭，苍蝇多", "waste"),
    # leak
    ("一楼下水道返水，屋头全是脏水", "leak"),
    ("楼上漏水漏到我家天花板", "leak"),
    ("化粪池满了，往外冒", "leak"),
    ("水管爆了，院子里到处是水", "leak"),
    ("下雨院坝积水，雨水篦子堵了", "leak"),
    ("自来水管滴水，没人修", "leak"),
    # noise
    ("楼下烧烤摊半夜吵得睡不着", "noise"),
    ("广场舞音响开得太大了", "noise"),
    ("楼上装修打电钻，中午也不停", "noise"),
    ("凌晨还有人唱卡拉OK", "noise"),
    ("狗一直叫，闹得很", "noise"),
    # green
    ("树枝挡住我家窗户了", "green"),
    ("枯树要修剪一下", "green"),
    ("绿化带的草比人还高", "green"),
    ("花坛里的树死了", "green"),
    # parking
    ("院里有辆僵尸车停了半年", "parking"),
    ("外来车辆乱停，占了我的车位", "parking"),
    ("共享单车把路口堵了", "parking"),
    ("停电动车的地方不够", "parking"),
    # power
    ("整个院子停电了", "power"),
    ("我们这一栋跳闸了，合不上", "power"),
    ("充电把线路烧坏了，全院没电", "power"),
    # fire_hazard
    ("消防通道被电动车占了", "fire_hazard"),
    ("楼道堆满杂物，跑都跑不脱", "fire_hazard"),
    ("灭火器过期了没人换", "fire_hazard"),
    ("消火栓箱是空的", "fire_hazard"),
    # electric_hazard
    ("有人从五楼飞线充电", "electric_hazard"),
    ("电瓶车推进电梯上楼充电", "electric_hazard"),
    ("电线裸露在外面，娃娃些天天在那儿耍", "electric_hazard"),
    ("私拉电线给电动车充电", "electric_hazard"),
    # gas_hazard
    ("楼道里闻到好大的煤气味", "gas_hazard"),
    ("天然气管道好像漏气", "gas_hazard"),
    # building_hazard
    ("外墙瓷砖往下掉", "building_hazard"),
    ("院墙有裂缝，歪起的", "building_hazard"),
    ("楼梯扶手那面墙的墙皮脱落", "building_hazard"),
    ("房子墙体倾斜，怕要垮", "building_hazard"),
    # falling_hazard
    ("楼上有人往下丢烟头和瓶子", "falling_hazard"),
    ("枯树枝快掉下来了", "falling_hazard"),
    ("阳台上的花盆摇摇欲坠", "falling_hazard"),
    ("高空抛物差点砸到人", "falling_hazard"),
    # equipment_hazard
    ("健身器材松动，一坐就晃", "equipment_hazard"),
    ("电梯老是卡在三楼", "equipment_hazard"),
    # safety
    ("这里不安全，请来看看隐患", "safety"),
    # neighbour_dispute
    ("邻居把鞋柜放在公共过道上，说了就吵架", "neighbour_dispute"),
    ("和隔壁因为空调外机闹纠纷", "neighbour_dispute"),
    # property_dispute
    ("物业乱收费，物管费涨了不说一声", "property_dispute"),
    ("业委会换届不公开", "property_dispute"),
    ("物业公司电话打不通，保安也不管事", "property_dispute"),
    # care
    ("对门独居的婆婆几天没出门了，麻烦看看", "care"),
    ("有位老人最近行动不便，希望有人看看。", "care"),
    ("残疾人想申请一个扶手", "care"),
    ("想问下低保咋个申请", "care"),
    # other
    ("", "other"),
    ("👍👍👍", "other"),
    ("谢谢你们", "other"),
    ("asdf qwer", "other"),
    ("请问入学登记什么时候开始", "other"),
    ("过道的感应灯不起作用了", "light"),
    ("四楼转角的灯一闪一闪的", "light"),
    ("乒乓球台的网架断了", "facility"),
    ("大门的闭门器坏了，嘭的一声", "facility"),
    ("绿色那个桶几天没倒，招老鼠", "waste"),
    ("有人乱扔烂家具", "waste"),
    ("厨房地漏往上冒脏水", "leak"),
    ("楼顶渗水把我家墙打湿了", "leak"),
    ("坝坝舞放歌放到十点过", "noise"),
    ("楼下铁匠铺敲敲打打一整天", "noise"),
    ("黄葛树根把地砖拱起来了", "green"),
    ("外卖车横起停，轮椅过不去", "parking"),
    ("突然就没得电了，冰箱都化了", "power"),
    ("纸箱子堆在安全出口", "fire_hazard"),
    ("插线板从窗子吊下来给电瓶车充电", "electric_hazard"),
    ("厨房外头有股天然气的味道", "gas_hazard"),
    ("屋檐的水泥块掉下来砸到地上", "building_hazard"),
    ("空调外机支架锈断了，怕落下来", "falling_hazard"),
    ("秋千的链子松了", "equipment_hazard"),
    ("楼上楼下为漏水的事打官司", "neighbour_dispute"),
    ("物管不公布公共收益", "property_dispute"),
    ("爷爷一个人住，买菜不方便", "care"),
)
UNSEEN: tuple[tuple[str, str], ...] = (
    ("院门口那个路灯从上周起就瞎了", "light"),
    ("走廊没有灯，昨天有人踩空", "light"),
    ("跑步机的扶手脱焊了", "facility"),
    ("小区大门的锁芯坏了，谁都能进", "facility"),
    ("果皮箱满得溢出来，环卫几天没来", "waste"),
    ("有人在墙角倒潲水，招苍蝇", "waste"),
    ("卫生间的管子漏，楼下被泡了", "leak"),
    ("阴沟堵死，一下雨院子就成塘塘", "leak"),
    ("KTV 每天唱到两点，完全没法睡觉", "noise"),
    ("楼上小孩跑跳，晚上十一点还在咚咚咚", "noise"),
    ("银杏的枝丫打到电线上了", "green"),
    ("草坪被踩秃了，想补种", "green"),
    ("私家车堵在院门口出不去", "parking"),
    ("有人用地锁把公共车位锁起来", "parking"),
    ("我们楼没电两个钟头了", "power"),
    ("逃生楼梯被柜子挡死", "fire_hazard"),
    ("有人在楼梯间给电瓶充电，怕起火", "electric_hazard"),
    ("闻到一股怪味，像是煤气", "gas_hazard"),
    ("承重墙被敲了，楼上裂了一条缝", "building_hazard"),
    ("十楼的广告牌快被风吹下来", "falling_hazard"),
    ("单杠的底座松了", "equipment_hazard"),
    ("两家为一堵墙吵了半年，请帮忙调解", "neighbour_dispute"),
    ("小区保安态度差，物业不处理", "property_dispute"),
    ("隔壁的残疾大哥没法下楼取药", "care"),
    ("Garbage has not been collected for days", "waste"),
    ("想给社区点个赞", "other"),
)
