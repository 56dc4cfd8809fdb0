//! The rule pack: what it is, and what it says of a text.

use casebook_bootstrap::invalid;
use casebook_kernel::ids::AccountId;
use casebook_policy::{ScreeningRule, Trigger};
use casebook_proto::moment;
use casebook_proto::review::v1 as proto;
use tonic::{Request, Status};

use super::{Review, knowledge_status, parse};
use crate::codec::values::{certification_of, hit_of, standing_of};
use crate::domain::screening::Passage;
use crate::domain::standing::Certification;

impl Review {
    pub(super) async fn try_text(
        &self,
        request: Request<proto::ScreenTextRequest>,
    ) -> Result<proto::ScreenTextResponse, Status> {
        let read = self.gate.read(request)?;
        let asked = read.request;
        parse::labels(&asked.labels)?;
        let published_at = match &asked.published_at {
            Some(time) => moment(time).ok_or_else(|| invalid("published_at", "is not a time"))?,
            None => read.now,
        };
        let account = match (asked.platform.as_str(), asked.platform_uid.as_str()) {
            ("", "") => None,
            ("", _) => return Err(invalid("platform", "is required beside platform_uid")),
            (_, "") => return Err(invalid("platform_uid", "is required beside platform")),
            (platform, uid) => {
                parse::platform(platform, &self.policy.pack)?;
                Some(AccountId::of(platform, uid))
            }
        };
        let facts = match account {
            Some(account) => {
                Some(self.examiner.knowledge.facts(account, published_at).await.map_err(knowledge_status)?)
            }
            None => None,
        };
        let screening = self.examiner.screener.screen(&Passage {
            text: &asked.text,
            labels: &asked.labels,
            links: &asked.links,
            certification: facts.map_or(Certification::Certified, |facts| facts.certification),
        });
        Ok(proto::ScreenTextResponse {
            hits: screening.hits.iter().map(hit_of).collect(),
            truncated: screening.truncated,
            rule_pack_version: self.examiner.screener.version().to_owned(),
            account_standing: facts.map_or(0, |facts| standing_of(facts.standing).into()),
            certification: facts.map_or(0, |facts| certification_of(facts.certification).into()),
        })
    }

    pub(super) async fn rule_pack(
        &self,
        request: Request<proto::GetRulePackRequest>,
    ) -> Result<proto::GetRulePackResponse, Status> {
        self.gate.read(request)?;
        let pack = &self.policy.screening;
        Ok(proto::GetRulePackResponse {
            version: pack.version().to_owned(),
            effective_from: pack.effective_from().to_string(),
            rules: pack.rules().iter().map(rule).collect(),
        })
    }
}

fn rule(rule: &ScreeningRule) -> proto::Rule {
    let trigger = match &rule.trigger {
        Trigger::Term { .. } => proto::TriggerKind::Term,
        Trigger::Cooccurrence { .. } => proto::TriggerKind::Cooccurrence,
        Trigger::LabelRequired { .. } => proto::TriggerKind::LabelRequired,
        Trigger::WhenUncertified { .. } => proto::TriggerKind::WhenUncertified,
    };
    proto::Rule {
        rule_id: rule.id.to_string(),
        name_zh: rule.name.zh.clone(),
        name_en: rule.name.en.clone(),
        violation: rule.violation.to_string(),
        severity: rule.severity.as_str().to_owned(),
        legal_bases: rule.bases.iter().map(ToString::to_string).collect(),
        trigger: trigger.into(),
        class_ids: rule.trigger.classes().map(ToString::to_string).collect(),
    }
}
