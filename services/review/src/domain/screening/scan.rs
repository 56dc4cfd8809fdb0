//! The one pass over a text.

use casebook_policy::Pattern;

use super::SPANS_MAX;
use super::compile::{Marker, Screener, TERM_CHARS_MAX, Term};
use super::fold::{Folded, SEPARATORS_MAX, fold, half_width, is_ideograph};
use super::shapes::{self, Shape};

/// The most different terms of one class that are counted.
const DISTINCT_MAX: usize = 64;
/// A shape has no term of its own: all shapes of a kind count as one.
const SHAPE_DISTINCT: u32 = u32::MAX - 16;

/// Where in the text something of a class stands, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub start: usize,
    pub end: usize,
    distinct: u32,
}

impl Stretch {
    fn contains(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// What was found of one class. Of stretches that lie in one another only the longest counts.
#[derive(Debug, Clone, Default)]
pub(super) struct ClassHits {
    pub stretches: Vec<Stretch>,
    /// More stretches were found than are kept.
    pub overflow: bool,
    /// Places of links beside the text.
    pub links: Vec<usize>,
    distinct: Vec<u32>,
    /// The latest stretch: a longer one may still take its place.
    pending: Option<Stretch>,
}

impl ClassHits {
    fn add(&mut self, stretch: Stretch) {
        match self.pending {
            Some(pending) if stretch.contains(&pending) => self.pending = Some(stretch),
            Some(pending) if pending.contains(&stretch) => {}
            _ => {
                self.settle();
                self.pending = Some(stretch);
            }
        }
    }

    fn settle(&mut self) {
        let Some(stretch) = self.pending.take() else { return };
        if self.stretches.len() < SPANS_MAX {
            self.stretches.push(stretch);
        } else {
            self.overflow = true;
        }
        // Past the stretches that are kept the different terms still count: nobody hides the last one behind many.
        if self.distinct.len() < DISTINCT_MAX && !self.distinct.contains(&stretch.distinct) {
            self.distinct.push(stretch.distinct);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty() && self.links.is_empty()
    }

    /// The different terms found, by their numbers.
    pub fn distinct(&self) -> &[u32] {
        &self.distinct
    }
}

/// Where the characters that count started, for as many as the longest term has.
struct Starts {
    starts: [u32; TERM_CHARS_MAX],
    count: usize,
}

impl Starts {
    #[inline(always)]
    fn push(&mut self, start: usize) {
        // The text is shorter than 4 GiB: `scan` cuts it.
        self.starts[self.count % TERM_CHARS_MAX] = start as u32;
        self.count += 1;
    }

    #[inline(always)]
    fn of_last(&self, chars: usize) -> usize {
        self.starts[(self.count - chars) % TERM_CHARS_MAX] as usize
    }
}

/// What was found, by class. Most texts meet few classes: only those have hits here.
#[derive(Debug)]
pub(super) struct Found {
    hits: Vec<ClassHits>,
    /// Behind which of them each class stands; 0: it was not met.
    places: Vec<u32>,
}

impl Found {
    fn nothing(classes: usize) -> Self {
        Self { hits: Vec::new(), places: vec![0; classes] }
    }

    pub fn is_nothing(&self) -> bool {
        self.hits.is_empty()
    }

    pub fn of(&self, class: usize) -> &ClassHits {
        static NOTHING: ClassHits = ClassHits {
            stretches: Vec::new(),
            overflow: false,
            links: Vec::new(),
            distinct: Vec::new(),
            pending: None,
        };
        match self.places[class] {
            0 => &NOTHING,
            place => &self.hits[place as usize - 1],
        }
    }

    fn of_mut(&mut self, class: usize) -> &mut ClassHits {
        let place = &mut self.places[class];
        if *place == 0 {
            self.hits.push(ClassHits::default());
            *place = self.hits.len() as u32;
        }
        &mut self.hits[*place as usize - 1]
    }
}

struct Scan<'a> {
    screener: &'a Screener,
    text: &'a str,
    found: Found,
    /// Up to here the text is a link: what looks like a number in it is none.
    link_end: usize,
}

/// Everything of every class in the text and among the links beside it, by class.
pub(super) fn scan(screener: &Screener, text: &str, links: &[String]) -> Found {
    let mut scan = Scan { screener, text, found: Found::nothing(screener.classes.len()), link_end: 0 };
    scan.run();
    for hits in &mut scan.found.hits {
        hits.settle();
    }
    for (number, link) in links.iter().enumerate() {
        let Some(shop) = shapes::lone_link(link) else { continue };
        for (pattern, class) in &screener.shaped {
            if *pattern == Pattern::Url || (shop && *pattern == Pattern::ShopUrl) {
                scan.found.of_mut(*class).links.push(number);
            }
        }
    }
    scan.found
}

impl Scan<'_> {
    fn run(&mut self) {
        let text = self.text;
        let screener = self.screener;
        let mut stepper = screener.automaton.find_overlapping_stepper();
        let mut starts = Starts { starts: [0; TERM_CHARS_MAX], count: 0 };
        let mut previous = '\0';
        // Separators behind an ideograph, held back until what follows shows whether they are spelling.
        let mut held = [(0, '\0'); SEPARATORS_MAX];
        let mut held_count = 0;
        for (at, c) in text.char_indices() {
            let kept = match fold(c) {
                Folded::Keep(kept) => kept,
                Folded::Invisible => continue,
                Folded::Separator(separator) => {
                    if is_ideograph(previous) && held_count < SEPARATORS_MAX {
                        held[held_count] = (at, separator);
                        held_count += 1;
                        continue;
                    }
                    separator
                }
            };
            if held_count > 0 {
                if !is_ideograph(kept) {
                    for (at, separator) in &held[..held_count] {
                        starts.push(*at);
                        stepper.consume(*separator);
                        for matched in stepper.matches() {
                            self.matched(matched.value(), &starts, at + separator.len_utf8());
                        }
                    }
                }
                held_count = 0;
            }
            starts.push(at);
            stepper.consume(kept);
            for matched in stepper.matches() {
                self.matched(matched.value(), &starts, at + c.len_utf8());
            }
            if kept.is_ascii_digit()
                && !previous.is_ascii_digit()
                && at >= self.link_end
                && let Some(shape) = shapes::number(text, at)
            {
                self.shape(&shape);
            }
            previous = kept;
        }
    }

    #[cold]
    fn matched(&mut self, number: u32, starts: &Starts, end: usize) {
        let screener = self.screener;
        let term = &screener.terms[number as usize];
        let start = starts.of_last(term.chars);
        if let Some(marker) = term.marker {
            self.marker(marker, start, end);
        }
        if term.classes.is_empty() || (term.wordy && !self.is_word(term, start, end)) {
            return;
        }
        for (class, distinct) in &term.classes {
            self.found.of_mut(*class).add(Stretch { start, end, distinct: *distinct });
        }
    }

    /// Letters do not go on in letters, nor digits in digits: vx is a word in `加vx138` and none in `avx`.
    fn is_word(&self, term: &Term, start: usize, end: usize) -> bool {
        debug_assert!(term.wordy);
        let goes_on = |a: Option<char>, b: Option<char>| match (a.map(half_width), b.map(half_width)) {
            (Some(a), Some(b)) => {
                (a.is_ascii_alphabetic() && b.is_ascii_alphabetic()) || (a.is_ascii_digit() && b.is_ascii_digit())
            }
            _ => false,
        };
        let inside = &self.text[start..end];
        !goes_on(self.text[..start].chars().next_back(), inside.chars().next())
            && !goes_on(inside.chars().next_back(), self.text[end..].chars().next())
    }

    fn marker(&mut self, marker: Marker, start: usize, end: usize) {
        // A marker within a link that was read already belongs to it.
        if start < self.link_end {
            return;
        }
        match marker {
            Marker::Link => {
                if let Some((link, shop)) = shapes::link(self.text, start..end) {
                    self.link_end = link.bytes.end;
                    if shop {
                        self.shape(&Shape { pattern: Pattern::ShopUrl, bytes: link.bytes.clone() });
                    }
                    self.shape(&link);
                }
            }
            Marker::ShopHost => {
                if let Some(link) = shapes::bare_shop_link(self.text, start..end) {
                    self.link_end = link.bytes.end;
                    self.shape(&link);
                }
            }
            Marker::ShareMark => {
                if let Some(code) = shapes::share_code(self.text, start..end) {
                    self.link_end = code.bytes.end;
                    self.shape(&code);
                }
            }
        }
    }

    fn shape(&mut self, shape: &Shape) {
        for (pattern, class) in &self.screener.shaped {
            if *pattern == shape.pattern {
                let distinct = SHAPE_DISTINCT + *pattern as u32;
                self.found.of_mut(*class).add(Stretch { start: shape.bytes.start, end: shape.bytes.end, distinct });
            }
        }
    }
}
