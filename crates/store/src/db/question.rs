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

/// One question, or a tuple of them.
pub trait Questions {
    /// What they are answered, in their order.
    type Answers;

    /// The statements, and how the answers to all of them are read.
    fn parts(self) -> (Calls, impl FnOnce(Vec<Answer>) -> Result<Self::Answers, Error>);

    /// The same questions, whose answers together become something else.
    fn then<U, F>(self, read: F) -> Then<Self, F>
    where
        Self: Sized,
        F: FnOnce(Self::Answers) -> Result<U, Error>,
    {
        Then { questions: self, read }
    }
}

/// See [`Questions::then`].
pub struct Then<Q, F> {
    questions: Q,
    read: F,
}

impl<Q, U, F> Questions for Then<Q, F>
where
    Q: Questions,
    F: FnOnce(Q::Answers) -> Result<U, Error>,
{
    type Answers = U;

    fn parts(self) -> (Calls, impl FnOnce(Vec<Answer>) -> Result<U, Error>) {
        let (calls, read) = self.questions.parts();
        (calls, move |answers| (self.read)(read(answers)?))
    }
}

impl<T> Questions for Question<T> {
    type Answers = T;

    fn parts(self) -> (Calls, impl FnOnce(Vec<Answer>) -> Result<T, Error>) {
        let read = self.read;
        let calls = vec![(self.statement, self.params)];
        let unanswered = || Error::internal("a question was not answered");
        (calls, move |answers| read(answers.into_iter().next().ok_or_else(unanswered)?))
    }
}

impl Questions for () {
    type Answers = ();

    fn parts(self) -> (Calls, impl FnOnce(Vec<Answer>) -> Result<(), Error>) {
        (Calls::new(), |_| Ok(()))
    }
}

macro_rules! together {
    ($($question:ident: $of:ident),+) => {
        impl<$($of: Questions),+> Questions for ($($of),+) {
            type Answers = ($($of::Answers),+);

            fn parts(self) -> (Calls, impl FnOnce(Vec<Answer>) -> Result<Self::Answers, Error>) {
                let mut calls = Calls::new();
                let ($($question),+) = self;
                $(
                    let (own, read) = $question.parts();
                    let $question = (own.len(), read);
                    calls.extend(own);
                )+
                let read = move |answers: Vec<Answer>| {
                    let mut answers = answers.into_iter();
                    Ok(($($question.1(answers.by_ref().take($question.0).collect())?),+))
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
