//! What happens without anybody asking: deadlines, and what a verification brings about elsewhere.

pub mod deadlines;
pub mod verified;

use casebook_execution::ExecuteError;
use casebook_execution::reaction::NotNow;

/// A refusal is an answer: it is not asked again. Everything else is.
fn answered<T, R>(outcome: Result<T, ExecuteError<R>>) -> Result<(), NotNow>
where
    R: std::error::Error + Clone + PartialEq,
{
    match outcome {
        Ok(_) => Ok(()),
        Err(ExecuteError::Refused(refusal)) => {
            tracing::debug!(%refusal, "nothing to be done");
            Ok(())
        }
        Err(error) => Err(NotNow(error.to_string())),
    }
}
