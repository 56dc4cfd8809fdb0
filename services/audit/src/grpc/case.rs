//! What is asked of one case: its dossier, its head, what happened between two moments.

use std::collections::HashSet;

use casebook_bootstrap::{invalid, operation_status};
use casebook_execution::AsOf;
use casebook_proto::audit::v1::{
    DiffCaseRequest, DiffCaseResponse, DossierStream, GetCaseHeadRequest, GetCaseHeadResponse, GetDossierRequest,
    GetDossierResponse,
};
use casebook_readmodel::{PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use tonic::{Request, Status};
use uuid::Uuid;

use super::{Audit, CASE_NOT_FOUND, case_head, case_stream, chain_head, log_status};
use crate::dossier::{Entries, entries};
use crate::readmodel::CaseStream;
use crate::shown::{FRAUD, Shown, in_part, of_matter};

const GET_DOSSIER: &str = "/casebook.audit.v1.AuditService/GetDossier";
const GET_CASE_HEAD: &str = "/casebook.audit.v1.AuditService/GetCaseHead";
const DIFF_CASE: &str = "/casebook.audit.v1.AuditService/DiffCase";

/// Streams that a dossier names one by one.
const STREAMS_MAX: u64 = 1000;

/// A stretch of a case's events: behind one position, up to another. A page's token is the two of them, so that all
/// pages show the same moment, whatever happens in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    after: u64,
    through: u64,
}

impl Window {
    fn of_token(token: &str) -> Result<Self, Status> {
        token
            .split_once('-')
            .and_then(|(after, through)| Some(Self { after: after.parse().ok()?, through: through.parse().ok()? }))
            .ok_or_else(|| invalid("page_token", "is not a page token of this list"))
    }

    fn token(self) -> String {
        format!("{}-{}", self.after, self.through)
    }
}

impl Audit {
    pub(super) async fn dossier(&self, request: Request<GetDossierRequest>) -> Result<GetDossierResponse, Status> {
        let read = self.gate.recorded_read(request, GET_DOSSIER, |request| case_stream(&request.case_id)).await?;
        let asked = &read.request;
        let as_of = self.gate.as_of(asked.as_of_time.as_ref(), asked.as_of_position).await?;
        let head = self.settled().await?;
        let (case, shown) = self.visible_case(&read, &asked.case_id).await?;
        let window = match asked.page_token.as_str() {
            "" => Window { after: 0, through: self.through(case, as_of, head).await? },
            token => Window::of_token(token)?,
        };
        let (page, next_page_token) = self.page(case, shown.as_ref(), window, asked.page_size).await?;
        let last = self.kept().last_of_case(case, window.through).await.map_err(|error| operation_status(&error))?;
        let (streams, stream_count) = self.streams(case, shown.as_ref(), window.through).await?;
        Ok(GetDossierResponse {
            case_id: asked.case_id.clone(),
            as_of_position: window.through,
            entries: page.entries,
            next_page_token,
            streams: streams.into_iter().map(dossier_stream).collect(),
            stream_count,
            head: Some(case_head(case, last.as_ref())),
            chain_head: Some(chain_head(last.as_ref())),
            altered_positions: page.altered,
        })
    }

    pub(super) async fn head_of_case(
        &self,
        request: Request<GetCaseHeadRequest>,
    ) -> Result<GetCaseHeadResponse, Status> {
        let read = self.gate.recorded_read(request, GET_CASE_HEAD, |request| case_stream(&request.case_id)).await?;
        let asked = &read.request;
        let as_of = self.gate.as_of(asked.as_of_time.as_ref(), asked.as_of_position).await?;
        let head = self.settled().await?;
        let (case, _) = self.visible_case(&read, &asked.case_id).await?;
        let through = self.through(case, as_of, head).await?;
        let last = self.kept().last_of_case(case, through).await.map_err(|error| operation_status(&error))?;
        Ok(GetCaseHeadResponse { case_id: asked.case_id.clone(), head: Some(case_head(case, last.as_ref())) })
    }

    pub(super) async fn difference_of_case(
        &self,
        request: Request<DiffCaseRequest>,
    ) -> Result<DiffCaseResponse, Status> {
        let read = self.gate.recorded_read(request, DIFF_CASE, |request| case_stream(&request.case_id)).await?;
        let asked = &read.request;
        if asked.to_position != 0 && asked.to_position < asked.from_position {
            return Err(invalid("to_position", "is less than from_position"));
        }
        let head = self.settled().await?;
        self.gate.in_log("from_position", asked.from_position).await?;
        self.gate.in_log("to_position", asked.to_position).await?;
        let (case, shown) = self.visible_case(&read, &asked.case_id).await?;
        let window = match asked.page_token.as_str() {
            "" => Window {
                after: asked.from_position,
                through: if asked.to_position == 0 { head } else { asked.to_position },
            },
            token => Window::of_token(token)?,
        };
        let (page, next_page_token) = self.page(case, shown.as_ref(), window, asked.page_size).await?;
        let at = async |position| {
            let last = self.kept().last_of_case(case, position).await.map_err(|error| operation_status(&error))?;
            Ok::<_, Status>(case_head(case, last.as_ref()))
        };
        Ok(DiffCaseResponse {
            case_id: asked.case_id.clone(),
            from_head: Some(at(asked.from_position).await?),
            to_head: Some(at(window.through).await?),
            entries: page.entries,
            next_page_token,
            altered_positions: page.altered,
        })
    }

    /// The last position that belongs to the moment asked for.
    async fn through(&self, case: Uuid, as_of: AsOf, head: u64) -> Result<u64, Status> {
        match as_of {
            AsOf::Now => Ok(head),
            AsOf::Position(position) => Ok(position.0),
            AsOf::Time(time) => {
                let last = self
                    .kept()
                    .last_of_case_by(case, time.timestamp_micros())
                    .await
                    .map_err(|error| operation_status(&error))?;
                last.map(|last| last.position.cast_unsigned())
                    .ok_or_else(|| CASE_NOT_FOUND.status(format!("nothing of this case had happened by {time}")))
            }
        }
    }

    /// The streams of a matter that the caller may see, and how many there are of them.
    async fn streams(&self, case: Uuid, shown: Option<&Shown>, through: u64) -> Result<(Vec<CaseStream>, u64), Status> {
        let found = self.kept().streams_of_case(case, through, STREAMS_MAX).await;
        let (mut streams, mut count) = found.map_err(|error| operation_status(&error))?;
        if let Some(shown) = shown {
            let names: Vec<String> = streams.iter().map(|of| of.stream.clone()).collect();
            let seen = shown.streams(&self.log, names.iter().map(String::as_str)).await.map_err(log_status)?;
            let mut known = Vec::with_capacity(streams.len());
            for of in streams.into_iter().filter(|of| seen.get(of.stream.as_str()).copied().unwrap_or(false)) {
                if in_part(&of.stream) {
                    let part = self.kept().stream_in_part(case, &of.stream, &FRAUD, through).await;
                    known.extend(part.map_err(|error| operation_status(&error))?);
                } else {
                    known.push(of);
                }
            }
            count = known.len() as u64;
            streams = known;
        }
        Ok((streams, count))
    }

    /// The entries of a window that one page holds, and the token of the next. A page holds less where others' cases happened
    /// in between.
    async fn page(
        &self,
        case: Uuid,
        shown: Option<&Shown>,
        window: Window,
        page_size: u32,
    ) -> Result<(Entries, String), Status> {
        let size = match u64::from(page_size) {
            0 => PAGE_SIZE_DEFAULT,
            size => size.min(PAGE_SIZE_MAX),
        };
        let mut kept = self
            .kept()
            .of_case(case, window.after, window.through, size + 1)
            .await
            .map_err(|error| operation_status(&error))?;
        let more = kept.len() as u64 > size;
        kept.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let mut page = entries(&self.log, &kept).await.map_err(log_status)?;
        let next = match kept.get(page.used.wrapping_sub(1)) {
            Some(last) if more || page.used < kept.len() => {
                Window { after: last.position.cast_unsigned(), through: window.through }.token()
            }
            _ => String::new(),
        };
        if let Some(shown) = shown {
            let used = &kept[..page.used.min(kept.len())];
            let streams = used.iter().map(|row| row.stream.as_str());
            let seen = shown.streams(&self.log, streams).await.map_err(log_status)?;
            let sees = |stream: &str, event_type: &str| {
                seen.get(stream).copied().unwrap_or(false) && of_matter(stream, event_type)
            };
            // By the type that was kept: what was altered in the log does not come to light by that.
            let hidden: HashSet<u64> = used
                .iter()
                .filter(|row| !sees(&row.stream, &row.event_type))
                .map(|row| row.position.cast_unsigned())
                .collect();
            page.altered.retain(|position| !hidden.contains(position));
            page.entries.retain(|entry| !hidden.contains(&entry.position) && sees(&entry.stream, &entry.event_type));
            page.entries = page.entries.into_iter().map(|entry| shown.entry(entry)).collect();
        }
        Ok((page, next))
    }
}

fn dossier_stream(stream: CaseStream) -> DossierStream {
    DossierStream {
        stream: stream.stream,
        events: stream.events.cast_unsigned(),
        first_position: stream.first_position.cast_unsigned(),
        last_position: stream.last_position.cast_unsigned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gives_its_window_back_and_nothing_else_is_one() {
        let window = Window { after: 17, through: 4_000_000_000_000 };
        assert_eq!(Window::of_token(&window.token()).unwrap(), window);
        for token in ["", "17", "-", "17-", "a-b", "17-18-19", "-1-2"] {
            assert!(Window::of_token(token).is_err(), "{token}");
        }
    }
}
