//! Kills `casebook up` at random moments under load and looks at what is left: every acknowledged command must be in the log, no
//! request may have had two effects, and no row may differ from the log. A last server that is not killed before takes all matters
//! to their end: none may be stuck because something that had to follow was lost.
//!
//! Half of the clients report and open leads; the others conduct whole matters, from the signal over the decision, the platforms'
//! receipts and an appeal to the closed case.
//!
//! `cargo xtask crash --times 100` builds the binary that most people run and hands it to this program.

mod cast;
mod load;
mod matter;
mod method;
mod platform;
mod server;
mod signal;
mod tally;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use load::{Load, Until};
use server::Server;
use tally::{After, Left, Tally};

/// Kills of one data folder before the next one begins: what is checked after each grows with the folder.
const KILLS_PER_FOLDER: usize = 20;
/// How long a server is loaded at most before it is killed.
const LOADED_MAX: Duration = Duration::from_millis(1_500);
/// One kill in this many comes while the server still starts.
const EARLY_ONE_IN: u64 = 10;
/// How long a server has been starting at most when such a kill comes.
const STARTING_MAX: Duration = Duration::from_millis(250);

type Failure = Box<dyn std::error::Error>;

#[derive(Parser)]
struct Arguments {
    /// The binary to kill.
    #[arg(long)]
    casebook: PathBuf,
    /// How often.
    #[arg(long, default_value_t = 100)]
    times: u32,
    /// Chooses the moments; the same seed chooses the same ones.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The last line is one JSON object.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let tally = match run(&arguments).await {
        Ok(tally) => tally,
        Err(failure) => {
            eprintln!("crash: {failure}");
            return ExitCode::FAILURE;
        }
    };
    println!("{tally}");
    if arguments.json {
        println!("{}", tally.json());
    }
    if tally.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(arguments: &Arguments) -> Result<Tally, Failure> {
    let mut chance = Chance(arguments.seed);
    let mut tally = Tally::default();
    let mut kills = 1..=arguments.times;
    while !kills.is_empty() {
        let folder = tempfile::tempdir()?;
        let mut load = Load::default();
        for kill in kills.by_ref().take(KILLS_PER_FOLDER) {
            let before = load.acknowledged.len();
            let mut server = Server::start(&arguments.casebook, folder.path())?;
            if chance.below(EARLY_ONE_IN) == 0 {
                tokio::time::sleep(chance.span(STARTING_MAX)).await;
                server.kill()?;
            } else {
                let endpoint = server.endpoint().await?;
                let until = Until::Loaded(chance.span(LOADED_MAX));
                load.run(&endpoint, folder.path(), until, &mut server).await?;
            }
            server.gone().await?;
            let left = tally::look(&arguments.casebook, folder.path(), &load, After::Kill).await?;
            say(&format!("kill {kill:3}"), &load, before, left);
            tally.add(&load.acknowledged[before..], left);
            tally.kills += 1;
        }
        let before = load.acknowledged.len();
        let mut server = Server::start(&arguments.casebook, folder.path())?;
        let endpoint = server.endpoint().await?;
        load.run(&endpoint, folder.path(), Until::Finished, &mut server).await?;
        server.gone().await?;
        let left = tally::look(&arguments.casebook, folder.path(), &load, After::End).await?;
        say("finished", &load, before, left);
        tally.add(&load.acknowledged[before..], left);
    }
    Ok(tally)
}

fn say(when: &str, load: &Load, before: usize, left: Left) {
    let Left { lost, twice, mismatches, stuck } = left;
    println!(
        "{when:8}: {:5} acknowledged, {:2} in doubt, {:2} matters under way, {lost} lost, {twice} twice, \
         {mismatches} rows differ, {stuck} stuck",
        load.acknowledged.len() - before,
        load.in_doubt(),
        load.under_way().len()
    );
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn span(&mut self, max: Duration) -> Duration {
        let micros = u64::try_from(max.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.below(micros))
    }
}
