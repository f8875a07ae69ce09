//! Uploads, leases and stores in the model: what may end in the middle.

use super::{Image, Kind, Model, Refusal, Standing, State, Status, Words, one};
use crate::history::Number;
use crate::people::Person;

impl Model {
    pub(super) fn begin(
        &mut self,
        who: &Person,
        number: Number,
        is_data: bool,
        is_away: bool,
    ) -> Result<(), Refusal> {
        self.room_for_image(who.project)?;
        let kind = if is_data { Kind::Data } else { Kind::System };
        let image = Image { owner: who.project, kind, status: Status::Queued, blobs: Vec::new() };
        self.images.insert(number, image);
        self.events += 1;
        if is_away {
            return Err("UNAVAILABLE");
        }
        self.set_status(number, Status::Saving);
        self.uploads.insert(number, false);
        self.begun.insert(number);
        Ok(())
    }

    /// Who is at an upload ends it. Its lease may be over: nobody minds before somebody takes it.
    pub(super) fn finish(&mut self, of: Number, is_away: bool) -> Result<(), Refusal> {
        if !self.begun.remove(&of) {
            return Err("nothing");
        }
        if is_away && self.uploads.contains_key(&of) {
            self.undo_upload(of);
            return Err("UNAVAILABLE");
        }
        if !self.images.contains_key(&of) {
            return Err("IMAGE_NOT_FOUND");
        }
        if self.uploads.remove(&of).is_none() {
            return Err("UPLOAD_LOST");
        }
        self.set_status(of, Status::Active);
        if let Some(image) = self.images.get_mut(&of) {
            image.blobs = vec![of];
        }
        self.stored.insert(of);
        self.events += 1;
        Ok(())
    }

    fn set_status(&mut self, image: Number, status: Status) {
        if let Some(image) = self.images.get_mut(&image) {
            image.status = status;
        }
    }

    fn undo_upload(&mut self, of: Number) {
        self.uploads.remove(&of);
        self.set_status(of, Status::Queued);
        self.stored.insert(of);
        self.events += 1;
    }

    /// The reaper takes what nobody has renewed.
    pub(super) fn undo_uploads(&mut self) {
        let over: Vec<Number> =
            self.uploads.iter().filter(|(_, is_over)| **is_over).map(|(of, _)| *of).collect();
        over.into_iter().for_each(|of| self.undo_upload(of));
    }

    pub(super) fn lose_leases(&mut self) {
        self.uploads.values_mut().for_each(|is_over| *is_over = true);
        self.stalled.iter_mut().for_each(|(_, is_over)| *is_over = true);
    }

    /// All that is due, also what was claimed by somebody whose lease is over.
    pub(super) fn stall(&mut self) -> Words {
        self.take_stalled();
        let claimed = std::mem::take(&mut self.copies);
        let words = one(&format!("{} jobs", claimed.len()));
        self.stalled.extend(claimed.into_iter().map(|copy| (copy, false)));
        words
    }

    /// What was claimed by somebody whose lease is over is due again.
    pub(super) fn take_stalled(&mut self) {
        let (over, held) =
            std::mem::take(&mut self.stalled).into_iter().partition(|(_, over)| *over);
        self.stalled = held;
        let over: Vec<((Number, Number), bool)> = over;
        self.outgrown += over.len();
        self.copies.extend(over.into_iter().map(|(copy, _)| copy));
    }

    /// The copy of a record that is deleted ends with it, whoever has claimed it.
    pub(super) fn cancel_making(&mut self, image: Number) {
        self.copies.retain(|(_, target)| *target != image);
        let before = self.stalled.len();
        self.stalled.retain(|((_, target), _)| *target != image);
        self.outgrown += before - self.stalled.len();
    }

    /// A lease that is over is as good as before, as long as nobody has taken it.
    pub(super) fn beat(&mut self) -> Words {
        self.stalled.iter_mut().for_each(|(_, is_over)| *is_over = false);
        let words = [("kept", self.stalled.len()), ("lost", self.outgrown)];
        words.iter().flat_map(|(word, count)| vec![(*word).to_owned(); *count]).collect()
    }

    pub(super) fn read(
        &self,
        who: &Person,
        image: Number,
        is_away: bool,
    ) -> Result<Words, Refusal> {
        match self.standing(who, image)? {
            Standing::Recipient(State::Pending | State::Rejected) => {
                return Err("SHARE_NOT_ACCEPTED");
            }
            Standing::Recipient(State::Accepted) | Standing::Owner | Standing::Operator => {}
        }
        let image = &self.images[&image];
        match (image.kind, image.status, image.blobs.first()) {
            (Kind::System | Kind::Data, Status::Active, Some(_)) if is_away => Err("UNAVAILABLE"),
            (Kind::System | Kind::Data, Status::Active, Some(of)) => {
                Ok(one(&format!("bytes of {of}")))
            }
            _ => Err("no bytes"),
        }
    }

    /// What nobody uses any more is removed, from a store that is there.
    pub(super) fn clean(&mut self, is_away: bool) -> Result<(), Refusal> {
        let used = self.used_blobs();
        if is_away && !self.stored.is_subset(&used) {
            return Err("UNAVAILABLE");
        }
        self.stored.retain(|blob| used.contains(blob));
        Ok(())
    }
}
