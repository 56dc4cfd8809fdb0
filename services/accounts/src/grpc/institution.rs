//! Institutions and their exceptions.

use casebook_kernel::ids::InstitutionId;
use casebook_proto::accounts::v1 as pb;
use tonic::{Request, Response, Status};

use super::parse::{field, platform, read};
use super::{Calls, replied};
use crate::codec::values::{at, grade, kind};
use crate::domain::institution::{self, GrantQuotaException, InstitutionCommand, Register};

impl Calls {
    pub(super) async fn register_institution(
        &self,
        request: Request<pb::RegisterInstitutionRequest>,
    ) -> Result<Response<pb::RegisterInstitutionResponse>, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let id = institution::id_of(&request.uscc);
        let command = InstitutionCommand::Register(Box::new(Register {
            uscc: request.uscc,
            kind: read(kind("kind", request.kind))?,
            grade: read(grade("grade", request.grade))?,
            name: request.name,
            aliases: request.aliases,
            region: field("region", &request.region)?,
            actor: write.context.actor.clone(),
            now: write.context.now,
        }));
        replied!(
            RegisterInstitutionResponse { institution },
            self.execute_institution(id, &write.context, command).await?
        )
    }

    pub(super) async fn grant_quota_exception(
        &self,
        request: Request<pb::GrantQuotaExceptionRequest>,
    ) -> Result<Response<pb::GrantQuotaExceptionResponse>, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let id: InstitutionId = field("institution_id", &request.institution_id)?;
        let command = InstitutionCommand::GrantQuotaException(GrantQuotaException {
            exception_id: write.context.new_id("quota-exception"),
            platform: platform(&self.policy.pack, &request.platform)?,
            reason: request.reason,
            expires_at: read(at("expires_at", request.expires_at))?,
            actor: write.context.actor.clone(),
            now: write.context.now,
        });
        replied!(
            GrantQuotaExceptionResponse { institution },
            self.execute_institution(id, &write.context, command).await?
        )
    }
}
