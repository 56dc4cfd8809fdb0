//! Which events of `$all` a client wants.

use casebook_eventlog::{Filter as LogFilter, RecordedEvent};
use fancy_regex::{Regex, RegexBuilder};
use tonic::Status;

use crate::names;
use crate::proto::streams::read_req::options::FilterOptions;
use crate::proto::streams::read_req::options::filter_options::{Expression, Filter as Wire, Window};

/// The most bytes a pattern may have, and all prefixes together.
const EXPRESSION_BYTES_MAX: usize = 16 << 10;
/// Steps that matching one name may take: patterns with look-around can be made to run for ever.
const BACKTRACK_STEPS_MAX: usize = 100_000;
/// Events looked at between two checkpoints where the client does not say.
const WINDOW_EVENTS: u64 = 32;

/// What a client asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// What the log itself can leave out.
    pub of_log: LogFilter,
    rest: Option<Rest>,
    /// Events looked at between two checkpoints; `None`: there is no filter, and every event is a checkpoint.
    pub checkpoint_every: Option<u64>,
}

#[derive(Debug, Clone)]
enum Rest {
    Stream(Regex),
    TypePrefixes(Vec<String>),
    Type(Regex),
}

impl Filter {
    pub fn parse(options: FilterOptions) -> Result<Self, Status> {
        let window = match options.window {
            Some(Window::Max(max)) => u64::from(max.max(1)),
            Some(Window::Count(_)) | None => WINDOW_EVENTS,
        };
        let every = window.saturating_mul(u64::from(options.checkpoint_interval_multiplier.max(1)));
        let filter = Self { checkpoint_every: Some(every), ..Self::default() };
        match options.filter {
            None => Err(Status::invalid_argument("a filter looks at stream names or at event types")),
            Some(Wire::StreamIdentifier(expression)) => match parse_expression(expression)? {
                Parsed::Pattern(regex) => Ok(Self { rest: Some(Rest::Stream(regex)), ..filter }),
                Parsed::Prefixes(prefixes) => {
                    let prefixes = prefixes.iter().map(|prefix| names::prefix_from_wire(prefix));
                    Ok(Self { of_log: LogFilter::starting_with(prefixes), ..filter })
                }
            },
            Some(Wire::EventType(expression)) => match parse_expression(expression)? {
                Parsed::Pattern(regex) => Ok(Self { rest: Some(Rest::Type(regex)), ..filter }),
                Parsed::Prefixes(prefixes) => Ok(Self { rest: Some(Rest::TypePrefixes(prefixes)), ..filter }),
            },
        }
    }

    /// Whether an event that the log did not leave out is wanted.
    pub fn matches(&self, event: &RecordedEvent) -> Result<bool, Status> {
        let too_hard = |_| Status::invalid_argument("the pattern takes too long to match");
        match &self.rest {
            None => Ok(true),
            Some(Rest::Stream(regex)) => regex.is_match(&names::to_wire(&event.stream)).map_err(too_hard),
            Some(Rest::Type(regex)) => regex.is_match(&event.event_type).map_err(too_hard),
            Some(Rest::TypePrefixes(prefixes)) => {
                Ok(prefixes.iter().any(|prefix| event.event_type.starts_with(prefix.as_str())))
            }
        }
    }
}

enum Parsed {
    Pattern(Regex),
    Prefixes(Vec<String>),
}

fn parse_expression(expression: Expression) -> Result<Parsed, Status> {
    let bytes = expression.regex.len() + expression.prefix.iter().map(String::len).sum::<usize>();
    if bytes > EXPRESSION_BYTES_MAX {
        return Err(Status::invalid_argument(format!("a filter has at most {EXPRESSION_BYTES_MAX} bytes")));
    }
    if !expression.prefix.is_empty() {
        return Ok(Parsed::Prefixes(expression.prefix));
    }
    if expression.regex.is_empty() {
        return Err(Status::invalid_argument("a filter has a pattern or prefixes"));
    }
    let regex = RegexBuilder::new(&expression.regex).backtrack_limit(BACKTRACK_STEPS_MAX).build();
    regex.map(Parsed::Pattern).map_err(|error| Status::invalid_argument(format!("the pattern: {error}")))
}
