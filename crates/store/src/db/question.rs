//! Questions that are asked together.

use lendglass_core::Error;

use super::Call;
use super::value::{Row, Statement, Value};

/// Statements with their parameters.
type Calls = Vec<Call<'static>>;
/// What one statement answered.
type Answer = Vec<Row>;

/// A statement with its parameters, and how its answer is read.
pub struct Question<T> {
    statement: &'static Statement,
    params: Vec<Value>,
    read: fn(Vec<Row>) -> Result<T, Error>,
}

impl<T> Question<T> {
    /// See the type.
    pub fn new(
        statement: &'static Statement,
        params: Vec<Value>,
        read: fn(Vec<Row>) -> Result<T, Error>,
    ) -> Question<T> {
        Question { statement, params, read }
    }
}

/// One question, or a tuple of some.
pub trait Questions {
    /// What they are answered, in their order.
    type Answers;

    /// The statements, and how the answers to all of them are read.
    fn parts(self) -> (Calls, impl FnOnce(Vec<Answer>) -> Result<Self::Answers, Error>);
}

impl<T> Questions for Question<T> {
    type Answers = T;

    fn parts(self) -> (Calls, impl FnOnce(Vec<Answer>) -> Result<T, Error>) {
        let read = self.read;
        let calls = vec![(self.statement, self.params)];
        (calls, move |answers| read(next(&mut answers.into_iter())?))
    }
}

macro_rules! together {
    ($($question:ident: $answer:ident),+) => {
        impl<$($answer),+> Questions for ($(Question<$answer>),+) {
            type Answers = ($($answer),+);

            fn parts(
                self,
            ) -> (Calls, impl FnOnce(Vec<Answer>) -> Result<Self::Answers, Error>)
            {
                let ($($question),+) = self;
                let calls = vec![$(($question.statement, $question.params)),+];
                let read = move |answers: Vec<Answer>| {
                    let mut answers = answers.into_iter();
                    Ok(($(($question.read)(next(&mut answers)?)?),+))
                };
                (calls, read)
            }
        }
    };
}
together!(a: A, b: B);
together!(a: A, b: B, c: C);
together!(a: A, b: B, c: C, d: D);
together!(a: A, b: B, c: C, d: D, e: E);
together!(a: A, b: B, c: C, d: D, e: E, f: F);

fn next(answers: &mut impl Iterator<Item = Vec<Row>>) -> Result<Vec<Row>, Error> {
    answers.next().ok_or_else(|| Error::internal("a question was not answered"))
}
