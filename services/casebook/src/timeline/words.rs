//! The words of the time line.

/// How one event is shown.
pub struct EventWords {
    name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    /// The fields shown, as the stored JSON names them.
    pub fields: &'static [&'static str],
}

/// How one field is shown.
pub struct FieldWords {
    name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub kind: FieldKind,
}

/// What a field's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    Texts,
    Time,
    Number,
    Flag,
    /// An enum's value.
    Choice,
    Violation,
    Measure,
    Measures,
    Undoings,
    Irreversible,
    Bases,
    Platform,
    Agency,
    Hits,
    Quote,
}

pub fn event(name: &str) -> Option<&'static EventWords> {
    EVENTS.iter().find(|event| event.name == name)
}

pub fn field(name: &str) -> Option<&'static FieldWords> {
    FIELDS.iter().find(|field| field.name == name)
}

/// The words for an `OrderIssued` that takes another order back.
pub const COUNTER_ORDER: &str = "CounterOrderIssued";

/// An enum's value in Chinese and English.
pub fn choice(name: &str) -> Option<(&'static str, &'static str)> {
    CHOICES.iter().find(|(value, _, _)| *value == name).map(|(_, zh, en)| (*zh, *en))
}

macro_rules! events {
    ($($name:ident $zh:literal $en:literal [$($field:literal)*];)*) => {
        const EVENTS: &[EventWords] = &[$(EventWords { name: stringify!($name), zh: $zh, en: $en, fields: &[$($field),*] }),*];
    };
}
events! {
    ReportFiled "收到举报" "Report received" ["channel" "platform" "handle" "reasons" "acceptanceDueAt"];
    ReportAccepted "受理举报" "Report accepted" ["late"];
    ReportDeclined "不予受理" "Report declined" ["reason" "explanation" "competentAgency"];
    ReportWithdrawn "撤回举报" "Report withdrawn" ["reasons"];
    ReportMerged "并入另一举报" "Report merged into another" ["intoReportId"];
    ReportSeparated "重新单独办理" "Report stands by itself again" ["fromReportId"];
    ReportConcluded "举报办结" "Report concluded" ["outcome" "violation" "reasons"];
    ReportAcceptanceOverdue "逾期未受理" "Acceptance overdue" ["dueAt"];
    ReportAcceptanceRescheduled "受理期限重算" "Acceptance date reckoned anew" ["dueAt" "provisional"];
    ItemObserved "固定内容" "Content captured" ["platform" "publishedAt" "text" "textSha256"];
    ItemVersionRecorded "内容有改动，固定新版本" "Content changed, new version captured" ["version" "text" "textSha256"];
    ItemReported "内容被举报" "Content reported" [];
    ItemSeenElsewhere "内容在另一地区被发现" "Content seen in another region" ["region"];
    ItemDeletionObserved "内容已被删除" "Content found deleted" [];
    ItemScreened "规则筛查" "Screened by rules" ["rulePackVersion" "hits" "accountStanding" "certification"];
    FindingRecorded "审查认定" "Finding recorded" ["violation" "quotedSpan" "reasons" "legalBases"];
    FindingConfirmed "第二审查员确认认定" "Finding confirmed by a second reviewer" [];
    FindingRejected "认定被否决" "Finding rejected" ["reasons"];
    ReferralSubmitted "移交执法" "Referred to enforcement" ["violation" "region"];
    LeadOpened "登记线索" "Lead opened" ["violation" "reasons" "legalBases"];
    LeadAccepted "采纳线索" "Lead accepted" ["reasons"];
    LeadDeclined "不采纳线索" "Lead declined" ["reasons"];
    CaseOpened "立案" "Case opened" ["instrument" "violation" "agency" "officers"];
    EvidenceAdded "固定证据" "Evidence added" ["kind" "description" "sha256"];
    NoticeServed "事先告知" "Notice served" ["facts" "measures" "legalBases" "answerUntil"];
    StatementRecorded "陈述申辩" "Statement recorded" ["summary" "late"];
    StatementWaived "放弃陈述申辩" "Statement waived" ["reasons"];
    DecisionProposed "拟定决定" "Decision proposed" ["measures" "reasons" "departureReason"];
    ProposalRejected "拟定被退回" "Proposal rejected" ["reasons"];
    DecisionIssued "作出决定（第二名办案人员确认）" "Decision issued (confirmed by a second officer)" ["instrument" "measures" "legalBases" "reasons" "departureReason" "redress"];
    DecisionServed "送达决定" "Decision served" ["method" "appealUntil"];
    OrderIssued "下达指令" "Order issued" ["platform" "measure" "days" "points" "dueAt" "countersOrderId"];
    CounterOrderIssued "下达撤销指令：恢复" "Counter-order issued: undo" ["platform" "measure" "reasons" "dueAt" "countersOrderId"];
    OrderDelivered "指令送达平台" "Order delivered to the platform" [];
    ReceiptRecorded "平台回执" "Platform's receipt" ["outcome" "cause" "detail" "executedAt" "measureUntil" "late" "evidenceSha256"];
    OrderOverdue "平台逾期未回执" "Receipt overdue" ["dueAt"];
    OrderEscalated "逾期升级" "Overdue order escalated" [];
    OrderCancelled "撤回指令" "Order cancelled" ["reasons"];
    OrderUndeliverable "指令无法送达" "Order undeliverable" ["reasons"];
    OrderCountered "指令被撤销指令抵消" "Order countered" ["counterOrderId"];
    MeasureEnded "措施期满" "Measure ended" [];
    OrderSettled "指令办结记入案卷" "Order settled in the case" ["outcome" "cause" "inForce" "late"];
    AppealFiled "提出申诉" "Appeal filed" ["kind" "grounds" "decideUntil"];
    AppealWithdrawn "撤回申诉" "Appeal withdrawn" ["reasons"];
    AppealOverdue "申诉逾期未处理，提请上级" "Appeal not decided in time, the superior is called upon" ["dueAt"];
    AppealDecided "申诉处理决定" "Appeal decided" ["outcome" "remaining" "reasons"];
    ReversalIssued "撤销原决定" "Decision reversed" ["reasons" "undoings" "irreversible"];
    TransferOffered "提出移送" "Transfer offered" ["toAgency" "reasons" "lapseAt"];
    TransferAccepted "接受移送" "Transfer accepted" ["agency" "officers"];
    TransferDeclined "拒绝移送" "Transfer declined" ["reasons"];
    TransferLapsed "移送期满未答复" "Transfer lapsed" [];
    CaseClosed "结案" "Case closed" ["outcome" "summary" "unliftedReasons"];
    CaseReopened "重新启动" "Case reopened" ["reasons"];
}

macro_rules! fields {
    ($($name:literal $kind:ident $zh:literal $en:literal;)*) => {
        const FIELDS: &[FieldWords] = &[$(FieldWords { name: $name, zh: $zh, en: $en, kind: FieldKind::$kind }),*];
    };
}
fields! {
    "acceptanceDueAt" Time "应在此前决定是否受理" "to be accepted or declined before";
    "accountStanding" Choice "账号申报状态" "account";
    "agency" Agency "机关" "agency";
    "answerUntil" Time "陈述申辩截止" "to be answered before";
    "appealUntil" Time "申诉截止" "appeal before";
    "cause" Choice "原因" "cause";
    "certification" Choice "发布时资质" "certification when published";
    "channel" Choice "渠道" "channel";
    "competentAgency" Agency "有管辖权的机关" "competent agency";
    "counterOrderId" Text "撤销指令" "counter-order";
    "countersOrderId" Text "撤销的指令" "counters the order";
    "days" Number "天数" "days";
    "decideUntil" Time "应在此前处理" "to be decided before";
    "departureReason" Text "未按梯度的理由" "reason for leaving the ladder";
    "description" Text "说明" "description";
    "detail" Text "说明" "detail";
    "dueAt" Time "期限" "due";
    "evidenceSha256" Text "证据 SHA-256" "evidence SHA-256";
    "executedAt" Time "执行时间" "executed at";
    "explanation" Text "说明" "explanation";
    "facts" Text "事实" "facts";
    "grounds" Text "申诉理由" "grounds";
    "handle" Text "账号" "account";
    "hits" Hits "命中" "hits";
    "inForce" Flag "措施生效" "in force";
    "instrument" Choice "文书性质" "instrument";
    "fromReportId" Text "原并入" "from";
    "intoReportId" Text "并入" "into";
    "irreversible" Irreversible "无法恢复" "cannot be undone";
    "kind" Choice "类型" "kind";
    "lapseAt" Time "答复期限" "lapses at";
    "late" Flag "逾期" "late";
    "legalBases" Bases "依据" "legal basis";
    "measure" Measure "措施" "measure";
    "measureUntil" Time "至" "until";
    "measures" Measures "措施" "measures";
    "method" Choice "送达方式" "served by";
    "officers" Texts "办案人员" "officers";
    "outcome" Choice "结果" "outcome";
    "platform" Platform "平台" "platform";
    "points" Number "分值" "points";
    "provisional" Flag "暂定" "provisional";
    "publishedAt" Time "发布时间" "published";
    "quotedSpan" Quote "原文" "quotation";
    "reason" Choice "理由" "reason";
    "reasons" Text "理由" "reasons";
    "redress" Text "救济途径" "redress";
    "region" Text "地区" "region";
    "remaining" Measures "保留的措施" "what remains";
    "rulePackVersion" Text "规则包" "rule pack";
    "sha256" Text "SHA-256" "SHA-256";
    "summary" Text "摘要" "summary";
    "text" Text "原文" "text";
    "textSha256" Text "SHA-256" "SHA-256";
    "toAgency" Agency "移送至" "to";
    "unliftedReasons" Text "未能恢复仍结案的理由" "why it is closed though not all is lifted";
    "undoings" Undoings "撤销的措施" "measures undone";
    "version" Number "版本" "version";
    "violation" Violation "违规情形" "violation";
}

const CHOICES: &[(&str, &str, &str)] = &[
    ("CHANNEL_HOTLINE_12345", "12345热线", "hotline 12345"),
    ("CHANNEL_CENTRE_12377", "12377举报中心", "reporting centre 12377"),
    ("CHANNEL_HOTLINE_12315", "12315热线", "hotline 12315"),
    ("CHANNEL_PLATFORM", "平台转来", "from the platform"),
    ("CHANNEL_MONITORING", "监测发现", "monitoring"),
    ("CHANNEL_COUNTER", "窗口", "counter"),
    ("CHANNEL_LETTER", "来信", "letter"),
    ("CHANNEL_WEB_FORM", "网上填报", "web form"),
    ("CHANNEL_TRANSFER", "其他机关移送", "transferred"),
    ("CHANNEL_INSTITUTION", "医疗卫生机构", "institution"),
    ("ACCOUNT_STANDING_UNKNOWN", "未申报", "not declared"),
    ("ACCOUNT_STANDING_DECLARED", "已申报", "declared"),
    ("ACCOUNT_STANDING_FILED", "已备案", "filed"),
    ("ACCOUNT_STANDING_RESTRICTED", "限制发布", "restricted"),
    ("ACCOUNT_STANDING_CLOSED", "已关闭", "closed"),
    ("CERTIFICATION_UNCERTIFIED", "未认证", "not certified"),
    ("CERTIFICATION_CERTIFIED", "已认证", "certified"),
    ("DECLINE_REASON_OUT_OF_JURISDICTION", "不属本机关管辖", "out of jurisdiction"),
    ("DECLINE_REASON_OUT_OF_SCOPE", "不属受理范围", "out of scope"),
    ("DECLINE_REASON_EVIDENCE_MISSING", "缺少证据", "evidence missing"),
    ("DECLINE_REASON_CONCLUDED_BEFORE", "此前已办结", "concluded before"),
    ("DECLINE_REASON_ABUSIVE", "恶意举报", "abusive"),
    ("REPORT_OUTCOME_FOUND", "违规属实", "found"),
    ("REPORT_OUTCOME_REFERRED", "违规属实，已移交执法", "found and referred"),
    ("REPORT_OUTCOME_NO_VIOLATION", "未发现违规", "no violation"),
    ("INSTRUMENT_PLATFORM_MEASURE_REQUEST", "督促处置", "platform measure request"),
    ("INSTRUMENT_CONTENT_DEMAND", "内容处置要求", "content demand"),
    ("INSTRUMENT_CORRECTION_ORDER", "责令改正", "correction order"),
    ("INSTRUMENT_ADMINISTRATIVE_PENALTY", "行政处罚", "administrative penalty"),
    ("INSTRUMENT_INSTITUTIONAL_SANCTION", "院内处理", "institutional sanction"),
    ("INSTRUMENT_INTERIM", "临时措施", "interim measure"),
    ("EVIDENCE_KIND_SCREENSHOT", "截图", "screenshot"),
    ("EVIDENCE_KIND_RECORDING", "录屏", "recording"),
    ("EVIDENCE_KIND_PAGE_CAPTURE", "页面固定", "page capture"),
    ("EVIDENCE_KIND_PLATFORM_RECORD", "平台记录", "platform record"),
    ("EVIDENCE_KIND_REGISTRY_RESULT", "查询结果", "registry result"),
    ("EVIDENCE_KIND_DOCUMENT", "文书", "document"),
    ("EVIDENCE_KIND_TESTIMONY", "证言", "testimony"),
    ("SERVICE_METHOD_IN_PERSON", "直接送达", "in person"),
    ("SERVICE_METHOD_ELECTRONIC", "电子送达", "electronically"),
    ("SERVICE_METHOD_PLATFORM_INBOX", "平台站内信", "the platform's inbox"),
    ("SERVICE_METHOD_POST", "邮寄", "post"),
    ("SERVICE_METHOD_ANNOUNCEMENT", "公告", "announcement"),
    ("SERVICE_METHOD_LEFT_BEHIND", "留置送达", "left behind"),
    ("RECEIPT_OUTCOME_EXECUTED", "已执行", "executed"),
    ("RECEIPT_OUTCOME_PARTLY", "部分执行", "partly executed"),
    ("RECEIPT_OUTCOME_REFUSED", "未执行", "refused"),
    ("RECEIPT_CAUSE_ACCOUNT_NOT_FOUND", "账号不存在", "account not found"),
    ("RECEIPT_CAUSE_CLOSED_BY_OWNER", "账号已由本人注销", "closed by its owner"),
    ("RECEIPT_CAUSE_MEASURE_UNSUPPORTED", "平台不支持该措施", "measure unsupported"),
    ("RECEIPT_CAUSE_ALREADY_STRICTER", "平台已有更严措施", "already under a stricter measure"),
    ("RECEIPT_CAUSE_DECLINED_UNDER_AGREEMENT", "依用户协议不予执行", "declined under the user agreement"),
    ("RECEIPT_CAUSE_IRREVERSIBLE", "无法恢复", "cannot be undone"),
    ("RECEIPT_CAUSE_TECHNICAL_FAULT", "技术故障", "technical fault"),
    ("RECEIPT_CAUSE_OTHER", "其他", "other"),
    ("ORDER_OUTCOME_EXECUTED", "已执行", "executed"),
    ("ORDER_OUTCOME_PARTLY", "部分执行", "partly executed"),
    ("ORDER_OUTCOME_REFUSED", "未执行", "refused"),
    ("ORDER_OUTCOME_CANCELLED", "已撤回", "cancelled"),
    ("ORDER_OUTCOME_UNDELIVERABLE", "无法送达", "undeliverable"),
    ("ORDER_OUTCOME_NOT_NEEDED", "无需执行", "not needed"),
    ("ORDER_OUTCOME_COUNTERED", "已被撤销指令撤回", "taken back by a counter-order"),
    ("APPEAL_KIND_INTERNAL_REVIEW", "内部复核", "internal review"),
    ("APPEAL_KIND_RECONSIDERATION", "行政复议", "administrative reconsideration"),
    ("APPEAL_KIND_LITIGATION", "行政诉讼", "litigation"),
    ("APPEAL_OUTCOME_UPHELD", "申诉成立", "upheld"),
    ("APPEAL_OUTCOME_UPHELD_IN_PART", "部分成立", "upheld in part"),
    ("APPEAL_OUTCOME_REJECTED", "维持原决定", "rejected"),
    ("CASE_OUTCOME_MEASURES_TAKEN", "已采取措施", "measures taken"),
    ("CASE_OUTCOME_NOT_ESTABLISHED", "违规不成立", "not established"),
    ("CASE_OUTCOME_NO_MEASURE", "不采取措施", "no measure"),
    ("CASE_OUTCOME_REFERRED_TO_JUSTICE", "移送司法机关", "referred to justice"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A word for what no event has would never be seen missing.
    #[test]
    fn every_event_that_a_case_can_hold_has_words_and_every_word_an_event() {
        let pool = prost_reflect::DescriptorPool::decode(casebook_proto::FILE_DESCRIPTOR_SET).unwrap();
        let mut spoken_of = std::collections::BTreeSet::new();
        for package in ["review", "enforcement"] {
            let file = pool.get_file_by_name(&format!("casebook/{package}/v1/{package}_events.proto")).unwrap();
            for message in file.messages() {
                let Some(words) = event(message.name()) else { continue };
                spoken_of.insert(words.name);
                for shown in words.fields {
                    assert!(message.get_field_by_json_name(shown).is_some(), "{} has no field {shown}", words.name);
                    assert!(field(shown).is_some(), "no words for the field {shown} of {}", words.name);
                }
            }
        }
        spoken_of.insert(COUNTER_ORDER);
        let all: std::collections::BTreeSet<_> = EVENTS.iter().map(|event| event.name).collect();
        assert_eq!(spoken_of, all);
    }

    #[test]
    fn every_value_that_a_time_line_shows_has_words() {
        let pool = prost_reflect::DescriptorPool::decode(casebook_proto::FILE_DESCRIPTOR_SET).unwrap();
        let mut missing = Vec::new();
        for words in EVENTS {
            let Some(message) = ["review", "enforcement"]
                .iter()
                .find_map(|package| pool.get_message_by_name(&format!("casebook.{package}.v1.{}", words.name)))
            else {
                continue;
            };
            for shown in words.fields.iter().filter_map(|shown| message.get_field_by_json_name(shown)) {
                let prost_reflect::Kind::Enum(kind) = shown.kind() else { continue };
                missing.extend(
                    kind.values()
                        .filter(|v| v.number() != 0 && choice(v.name()).is_none())
                        .map(|v| v.name().to_owned()),
                );
            }
        }
        missing.sort();
        missing.dedup();
        assert!(missing.is_empty(), "no words for {missing:?}");
    }
}
