use casebook_policy::{ClassId, Pack, PolicySet, ScreeningPack, Trigger, shipped};

use super::*;

/// A small pack beside the shipped one, so that these tests say themselves what is looked for.
const PACK: &str = r#"
kind = "screening"
version = "test-1"
effective_from = "2026-01-01"

[[class]]
id = "promise"
name = { zh = "承诺", en = "promise" }
terms = ["根治", "根治糖尿病", "包治百病"]

[[class]]
id = "refutation"
name = { zh = "辟谣", en = "refutation" }
terms = ["辟谣"]

[[class]]
id = "knowledge"
name = { zh = "知识", en = "knowledge" }
terms = ["糖尿病", "高血压", "血糖"]

[[class]]
id = "contact"
name = { zh = "联系方式", en = "contact" }
terms = ["加微信", "vx"]
patterns = ["mobile_number", "landline_number", "service_number"]

[[class]]
id = "address"
name = { zh = "地址", en = "address" }
patterns = ["street_address"]

[[class]]
id = "shop"
name = { zh = "购物链接", en = "shopping link" }
terms = ["小黄车"]
patterns = ["shop_url"]

[[class]]
id = "any-link"
name = { zh = "外链", en = "link" }
patterns = ["url"]

[[class]]
id = "ai"
name = { zh = "AI", en = "AI" }
terms = ["数字人"]

[[class]]
id = "ai-labelled"
name = { zh = "AI标识", en = "AI label" }
terms = ["人工智能生成"]

[[rule]]
id = "promise"
name = { zh = "承诺疗效", en = "promise" }
violation = "FALSE-INFO"
severity = "serious"
bases = ["S1-3"]
trigger = { kind = "term", any_of = ["promise"] }
unless = ["refutation"]

[[rule]]
id = "knowledge-with-contact"
name = { zh = "同时出现", en = "co-occurrence" }
violation = "AD-COOCCURRENCE"
severity = "minor"
bases = ["S1-7"]
trigger = { kind = "cooccurrence", all_of = [["knowledge"], ["contact", "address", "shop"]] }

[[rule]]
id = "outbound-link"
name = { zh = "外链", en = "outbound link" }
violation = "LABEL-QUOTED-SOURCE"
severity = "minor"
bases = ["S1-3"]
trigger = { kind = "term", any_of = ["any-link"] }

[[rule]]
id = "label-ai"
name = { zh = "AI标识", en = "AI label" }
violation = "LABEL-AI-GENERATED"
severity = "minor"
bases = ["S1-3"]
trigger = { kind = "label_required", any_of = ["ai"], label = "ai_generated", labelled_by = ["ai-labelled"] }

[[rule]]
id = "uncertified"
name = { zh = "无资质", en = "uncertified" }
violation = "UNCERTIFIED"
severity = "serious"
bases = ["S1-5"]
trigger = { kind = "when_uncertified", any_of = ["knowledge"], distinct_min = 2 }
"#;

fn policy() -> PolicySet {
    shipped().expect("the shipped policy is sound")
}

fn compiled(text: &str) -> Screener {
    let pack: Pack = policy().pack;
    let pack = ScreeningPack::parse("test.toml", text, &pack).expect("the pack is sound");
    Screener::compile(&pack).expect("the pack compiles")
}

fn screener() -> Screener {
    compiled(PACK)
}

fn certified(text: &str) -> Passage<'_> {
    Passage { text, labels: &[], links: &[], certification: Certification::Certified }
}

fn screen(text: &str) -> Screening {
    let screening = screener().screen(&certified(text));
    assert_quotes(text, &screening);
    screening
}

/// A hit explains itself only if what it quotes stands where it says.
#[track_caller]
fn assert_quotes(text: &str, screening: &Screening) {
    assert!(screening.hits.len() <= HITS_MAX);
    for hit in &screening.hits {
        assert!(hit.spans.len() <= SPANS_MAX);
        assert!(!hit.legal_bases.is_empty() && !hit.violation.is_empty());
        for span in &hit.spans {
            assert_eq!(&text[span.bytes.start as usize..span.bytes.end as usize], span.quote);
            let chars: String = text
                .chars()
                .skip(span.chars.start as usize)
                .take((span.chars.end - span.chars.start) as usize)
                .collect();
            assert_eq!(chars, span.quote);
        }
    }
}

fn rules(screening: &Screening) -> Vec<&str> {
    screening.hits.iter().map(|hit| hit.rule.as_str()).collect()
}

fn quotes<'a>(screening: &'a Screening, rule: &str) -> Vec<&'a str> {
    let hit = screening.hits.iter().find(|hit| hit.rule == rule).expect(rule);
    hit.spans.iter().map(|span| span.quote.as_str()).collect()
}

/// R44.
#[test]
fn a_term_is_a_hit_that_names_rule_violation_basis_and_place() {
    let screening = screen("他说：本方包治百病！");
    assert_eq!(rules(&screening), ["promise"]);
    let hit = &screening.hits[0];
    assert_eq!((hit.violation.as_str(), hit.legal_bases.as_slice()), ("FALSE-INFO", &["S1-3".to_owned()][..]));
    assert_eq!(hit.spans[0].chars, 5..9);
    assert_eq!(hit.spans[0].bytes, 15..27);
    assert_eq!(hit.spans[0].class.as_deref(), Some("promise"));
    assert_eq!(rules(&screen("均衡饮食，规律作息。")), Vec::<&str>::new());
}

#[test]
fn of_terms_within_one_another_the_longest_is_quoted() {
    assert_eq!(quotes(&screen("三天根治糖尿病，根治！"), "promise"), ["根治糖尿病", "根治"]);
}

/// A term of one rule does not hide one of another: 糖尿病 lies within 根治糖尿病.
#[test]
fn overlapping_terms_of_different_rules_are_all_seen() {
    let screening = screen("三天根治糖尿病，加微信");
    assert_eq!(rules(&screening), ["promise", "knowledge-with-contact"]);
    assert_eq!(quotes(&screening, "knowledge-with-contact"), ["糖尿病", "加微信"]);
}

/// A text that refutes a claim quotes it.
#[test]
fn a_refutation_silences_the_rule() {
    assert_eq!(rules(&screen("辟谣：包治百病不可信")), Vec::<&str>::new());
}

/// R66, S1 §7: knowledge and an address, a contact or a shopping link in one place.
#[test]
fn knowledge_beside_an_address_a_contact_or_a_shopping_link_is_a_hit() {
    for (text, other) in [
        ("高血压怎么吃？咨询13812345678", "13812345678"),
        ("高血压怎么吃？咨询 138 1234 5678。", "138 1234 5678"),
        ("高血压怎么吃？热线400-820-8820", "400-820-8820"),
        ("高血压怎么吃？021-64370045", "021-64370045"),
        ("高血压门诊：胜利西路18号", "胜利西路18号"),
        (
            "高血压看这里https://item.taobao.com/item.htm?id=13812345678",
            "https://item.taobao.com/item.htm?id=13812345678",
        ),
        ("高血压看这里m.tb.cn/h.5abc", "m.tb.cn/h.5abc"),
        ("高血压复制￥AbC12345xyz￥", "￥AbC12345xyz￥"),
        ("高血压，上小黄车", "小黄车"),
    ] {
        let screening = screen(text);
        assert!(rules(&screening).contains(&"knowledge-with-contact"), "{text}");
        assert_eq!(quotes(&screening, "knowledge-with-contact"), ["高血压", other], "{text}");
    }
}

#[test]
fn either_alone_is_no_hit() {
    for text in ["高血压患者应低盐饮食", "请拨13812345678", "地址：胜利西路18号", "高血压，2020年4月11日16号发布"]
    {
        assert!(!rules(&screen(text)).contains(&"knowledge-with-contact"), "{text}");
    }
}

/// R66: 在同一页面; a link beside the text is on the page.
#[test]
fn a_shopping_link_beside_the_text_counts() {
    let links = ["https://detail.tmall.com/item?id=7".to_owned(), "https://weibo.com/7".to_owned()];
    let passage = Passage { links: &links, ..certified("高血压患者看这里") };
    let screening = screener().screen(&passage);
    assert_eq!(rules(&screening), ["knowledge-with-contact", "outbound-link"]);
    assert_eq!(screening.hits[0].links, links[..1]);
    assert_eq!(screening.hits[1].links, links);
}

/// R50.
#[test]
fn an_outbound_link_is_seen_and_what_looks_like_a_number_in_it_is_none() {
    let screening = screen("糖尿病指南https://www.nhc.gov.cn/13812345678/a 全文");
    assert_eq!(rules(&screening), ["outbound-link"]);
    assert_eq!(quotes(&screening, "outbound-link"), ["https://www.nhc.gov.cn/13812345678/a"]);
}

/// R42: neither the label beside the text nor one in it.
#[test]
fn a_required_label_is_missed_unless_it_is_shown() {
    let text = "数字人为您讲解";
    let screening = screen(text);
    assert_eq!(rules(&screening), ["label-ai"]);
    assert_eq!(screening.hits[0].missing_label.as_deref(), Some("ai_generated"));

    let labels = ["ai_generated".to_owned()];
    assert!(screener().screen(&Passage { labels: &labels, ..certified(text) }).hits.is_empty());
    assert!(screen("数字人为您讲解（人工智能生成）").hits.is_empty());
    let other = ["old_news".to_owned()];
    assert_eq!(rules(&screener().screen(&Passage { labels: &other, ..certified(text) })), ["label-ai"]);
}

/// R33, S1 §5.
#[test]
fn professional_content_of_an_uncertified_account_is_a_hit() {
    let uncertified = |text| {
        let screener = screener();
        let screening = screener.screen(&Passage { certification: Certification::Uncertified, ..certified(text) });
        assert_quotes(text, &screening);
        rules(&screening).contains(&"uncertified")
    };
    assert!(uncertified("高血压与糖尿病的联合用药"));
    // One term said often is no more professional than once.
    assert!(!uncertified("高血压，高血压，高血压"));
    assert!(!uncertified("今天天气很好"));
    assert!(!rules(&screen("高血压与糖尿病的联合用药")).contains(&"uncertified"));
}

/// Spelling tricks are undone, and the quotation is as published.
#[test]
fn hidden_spellings_are_seen_and_quoted_as_published() {
    for (text, quote) in [
        ("咨询加薇信", "加薇信"),
        ("咨询加薇❤", "加薇❤"),
        ("咨询加微\u{2764}\u{FE0F}吧", "加微\u{2764}"),
        ("咨询加 微 信", "加 微 信"),
        ("咨询加\u{200B}微\u{200D}信", "加\u{200B}微\u{200D}信"),
        ("咨询加·微·信", "加·微·信"),
        ("咨询ＶＸ：ａｂｃ", "ＶＸ"),
        ("咨询Vx138", "Vx"),
    ] {
        let screening = screen(&format!("糖尿病{text}"));
        assert_eq!(quotes(&screening, "knowledge-with-contact"), ["糖尿病", quote], "{text}");
    }
}

#[test]
fn what_only_resembles_a_hidden_spelling_is_none() {
    for text in ["糖尿病avx指令", "糖尿病vxs", "糖尿病，加 \u{3000} 微 \u{3000} 信", "糖尿病，加\n微信号外"]
    {
        let screening = screen(text);
        assert!(!rules(&screening).contains(&"knowledge-with-contact"), "{text}");
    }
}

/// Nobody hides a term behind many of another, and what is not listed is said.
#[test]
fn long_texts_are_bounded_and_say_so() {
    let mut text = "包治百病，".repeat(5_000);
    text.push_str("高血压，请拨13812345678");
    let screening = screen(&text);
    assert_eq!(rules(&screening), ["promise", "knowledge-with-contact"]);
    assert_eq!(screening.hits[0].spans.len(), SPANS_MAX);
    assert!(screening.truncated);
    let mut text = "血糖".repeat(5_000);
    text.push_str("高血压13812345678");
    let screening = screen(&text);
    assert!(quotes(&screening, "knowledge-with-contact").contains(&"13812345678"));
    let passage = Passage { certification: Certification::Uncertified, ..certified(&text) };
    assert!(rules(&screener().screen(&passage)).contains(&"uncertified"));
}

#[test]
fn the_empty_text_meets_nothing() {
    assert_eq!(screen(""), Screening::default());
}

#[test]
fn every_class_of_the_shipped_pack_is_found_by_its_own_terms() {
    let policy = policy();
    let screener = Screener::compile(&policy.screening).expect("the shipped pack compiles");
    assert_eq!(screener.version(), policy.screening.version());
    for class in policy.screening.classes() {
        for term in &class.terms {
            let found = scan::scan(&screener, term, &[]);
            let number = screener.classes.iter().position(|id| *id == class.id.as_str()).expect("known");
            assert!(!found.of(number).is_empty(), "{} does not find `{term}`", class.id);
        }
    }
}

/// A text that holds what the first classes of each group of a trigger look for.
fn text_for(trigger: &Trigger, policy: &PolicySet) -> String {
    let some_of = |class: &ClassId, count: usize| {
        let class = policy.screening.class(class.as_str()).expect("the pack is sound");
        assert!(class.terms.len() >= count, "class {} has too few terms to be tried", class.id);
        class.terms[..count].join("，")
    };
    match trigger {
        Trigger::Term { any_of } | Trigger::LabelRequired { any_of, .. } => some_of(&any_of[0], 1),
        Trigger::Cooccurrence { all_of } => {
            all_of.iter().map(|group| some_of(&group[0], 1)).collect::<Vec<_>>().join("。")
        }
        Trigger::WhenUncertified { any_of, distinct_min } => some_of(&any_of[0], *distinct_min as usize),
    }
}

#[test]
fn every_rule_of_the_shipped_pack_can_be_met() {
    let policy = policy();
    let screener = Screener::compile(&policy.screening).expect("the shipped pack compiles");
    for rule in policy.screening.rules() {
        let text = text_for(&rule.trigger, &policy);
        let passage = Passage { certification: Certification::Uncertified, ..certified(&text) };
        let screening = screener.screen(&passage);
        assert_quotes(&text, &screening);
        assert!(rules(&screening).contains(&rule.id.as_str()), "{}: {text}", rule.id);
    }
}

/// R33, R39-R44, R63-R66, R87, R88, R90: texts written for a rule meet it, and ordinary texts meet none.
#[test]
fn the_shipped_pack_tells_violations_from_ordinary_texts() {
    let policy = policy();
    let screener = Screener::compile(&policy.screening).expect("the shipped pack compiles");
    let expected = [
        ("cure-promise", "祖辈留下的膏方，喝一个月彻底根治，永不复发"),
        ("miracle", "这就是宫廷秘方，神医传下来的"),
        ("fabrication", "速看马上被删！微波炉致癌，大家都别用了"),
        ("refuse-treatment", "胰岛素会上瘾，把药停了吧"),
        ("refuse-treatment-for-sale", "别再去医院了，每天两粒灵芝孢子粉就好"),
        ("star-doctor", "医生起号训练，三天学会医生流量密码"),
        ("suggestive", "两性健康课：深夜福利科普，想看进来"),
        ("ai-batch", "教你一键生成健康文案，矩阵号批量养生"),
        ("health-story-for-sale", "邻居吃了都说好，想要的去小黄车"),
        ("posing", "我从医四十年，告诉大家一个道理"),
        ("credential-trade", "长期出租医师证，包过医疗认证"),
        ("paid-consult", "刷礼物看病，连麦开方"),
        ("diversion", "平台不让说，拉你进群听课"),
        ("privacy", "发一段病房直播，患者正脸给大家看看"),
        ("live-commerce", "高血压人群专用，血压计立即下单"),
        ("ad-medical", "脾虚的人看过来，三伏贴预约第二件半价"),
        ("ad-drug", "痛风发作时，这款特效药限时优惠"),
        ("ad-device", "颈椎病不用愁，理疗仪买一送一"),
        ("ad-health-food", "脂肪肝要补酵素，粉丝专享价"),
        ("ad-special-food", "胃癌术后用全营养配方粉，团购价"),
        ("knowledge-with-contact", "幽门螺杆菌怎么查？电话咨询０２１－６４３７００４５"),
        ("label-quoted-source", "研究表明，每天一杯茶有益"),
        ("label-old-news", "重温当年：一起误诊的始末"),
        ("label-staged-drama", "诊室剧情：他推开了门"),
        ("label-ai-generated", "虚拟医生为您讲解"),
        ("label-personal-experience", "我的减肥经历，亲测有效"),
        ("uncertified", "高血压合并糖尿病时的联合用药"),
    ];
    for (rule, text) in expected {
        let passage = Passage { certification: Certification::Uncertified, ..certified(text) };
        let screening = screener.screen(&passage);
        assert_quotes(text, &screening);
        assert!(rules(&screening).contains(&rule), "{rule}: {text}: {:?}", rules(&screening));
    }
    for text in [
        "今天门诊结束得早，去江边走了走，风很舒服。",
        "请大家按时接种疫苗，出现发热及时到发热门诊就诊。",
        "通知：本院3月18号起调整门诊时间，详见院内公告栏。",
        "低盐饮食有助于控制血压，具体用药请遵医嘱。",
    ] {
        let passage = Passage { certification: Certification::Uncertified, ..certified(text) };
        let screening = screener.screen(&passage);
        assert!(screening.hits.is_empty(), "{text}: {:?}", rules(&screening));
    }
}

#[test]
fn a_span_is_found_by_its_words_or_by_its_place() {
    let text = "药到病除，药到病除";
    assert_eq!(Span::find(text, "药到病除", None).map(|span| span.chars), Some(0..4));
    assert_eq!(Span::find(text, "药到病除", Some(5)).map(|span| span.bytes), Some(15..27));
    assert_eq!(Span::find(text, "药到病除", Some(4)), None);
    assert_eq!(Span::find(text, "药到病除", Some(u32::MAX)), None);
    assert_eq!(Span::find(text, "", Some(0)), None);
}

proptest::proptest! {
    /// Whatever is screened, nothing panics, every span quotes the text, and the outcome is bounded.
    #[test]
    fn any_text_is_screened_and_quoted(
        parts in proptest::collection::vec(
            proptest::prop_oneof![
                proptest::string::string_regex("\\PC{0,12}").expect("regex"),
                proptest::sample::select(vec![
                    "根治", "糖尿病", "加", "微", "信", " ", "*", "\u{200B}", "１３８", "1234", "5678", "-", "号", "路", "https://",
                    "www.", "tb.cn", "￥", "vx", "ＶＸ", "\u{FE0F}", "❤",
                ]).prop_map(str::to_owned),
            ],
            0..24,
        )
    ) {
        let text = parts.concat();
        let screening = screener_once().screen(&Passage { certification: Certification::Uncertified, ..certified(&text) });
        assert_quotes(&text, &screening);
    }
}

use proptest::strategy::Strategy as _;

fn screener_once() -> &'static Screener {
    static SCREENER: std::sync::OnceLock<Screener> = std::sync::OnceLock::new();
    SCREENER.get_or_init(screener)
}
