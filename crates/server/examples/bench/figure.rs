//! What was measured, one line a figure: ours, theirs, the ratio, the goal, and what it cost.
//!
//! These machines are shared and noisy. Sides take turns in one run, the middle of the rounds counts,
//! and what is compared are ratios and processor time.

/// What a figure should be: of the ratio where there is one, else of the figure itself.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
    Nothing,
}

/// Prints figures and remembers what was missed.
#[derive(Default)]
pub struct Figures {
    goals: usize,
    missed: Vec<String>,
}

/// Processor time: of ours, of theirs, and what it is counted for.
pub type Cpu = (f64, Option<f64>, &'static str);

impl Figures {
    /// What follows, and the heads of the columns.
    pub fn part(&self, name: &str) {
        println!("\n{name}");
        println!(
            "  {:<58} {:>10} {:>10} {:>7} {:>8} {:<6} processor time",
            "", "ours", "theirs", "ratio", "goal", ""
        );
    }

    /// A rate beside another: the ratio is ours to theirs.
    pub fn pair(
        &mut self,
        name: &str,
        unit: &str,
        (ours, theirs): (f64, f64),
        goal: Goal,
        cpu: Option<Cpu>,
    ) {
        self.line(name, unit, ours, Some(theirs), goal, cpu);
    }

    /// A figure that stands for itself.
    pub fn alone(&mut self, name: &str, unit: &str, ours: f64, goal: Goal, cpu: Option<Cpu>) {
        self.line(name, unit, ours, None, goal, cpu);
    }

    fn line(
        &mut self,
        name: &str,
        unit: &str,
        ours: f64,
        theirs: Option<f64>,
        goal: Goal,
        cpu: Option<Cpu>,
    ) {
        let judged = theirs.map_or(ours, |theirs| ours / theirs);
        let (text, is_met) = match goal {
            Goal::AtLeast(least) => (format!(">={least}"), Some(judged >= least)),
            Goal::AtMost(most) => (format!("<={most}"), Some(judged <= most)),
            Goal::Nothing => ("-".to_owned(), None),
        };
        let verdict = match is_met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        let name = format!("{name}, {unit}");
        let ratio = theirs.map_or_else(String::new, |theirs| format!("{:.2}", ours / theirs));
        let theirs = theirs.map_or_else(String::new, short);
        let cpu = cpu.map_or_else(String::new, |(ours, theirs, per)| match theirs {
            Some(theirs) => format!("{} : {} {per}", short(ours), short(theirs)),
            None => format!("{} {per}", short(ours)),
        });
        println!(
            "  {name:<58} {:>10} {theirs:>10} {ratio:>7} {text:>8} {verdict:<6} {cpu}",
            short(ours)
        );
        self.goals += usize::from(is_met.is_some());
        if is_met == Some(false) {
            self.missed.push(name);
        }
    }

    /// How many goals were met, and which were not.
    pub fn end(&self) {
        println!("\n{} of {} goals met", self.goals - self.missed.len(), self.goals);
        for name in &self.missed {
            println!("  missed: {name}");
        }
    }
}

/// Three digits or so.
fn short(figure: f64) -> String {
    match figure.abs() {
        0.0..1.0 => format!("{figure:.3}"),
        1.0..10.0 => format!("{figure:.2}"),
        10.0..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

/// The middle one.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
