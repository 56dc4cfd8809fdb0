//! The enforcement service as its callers meet it: the methods, the reactions, the deadlines and the rows, over a real
//! log in a throw-away folder.

mod burden;
mod deadlines;
mod house;
mod journey;
mod platforms;
mod program;
mod properties;
mod refusals;
mod reversal;
mod visibility;
