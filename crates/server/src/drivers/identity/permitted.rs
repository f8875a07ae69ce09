//! What custom policies give and take each user in each project, held in memory: looked up for every
//! request.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use lendglass_core::permission::Permissions;
use lendglass_core::{ProjectId, UserId};
use lendglass_store::permission::Permission;

/// What this node knows, by user and project. Most have nothing.
#[derive(Default)]
pub struct Permitted {
    known: RwLock<HashMap<(UserId, ProjectId), Entry>>,
}

struct Entry {
    permissions: Permissions,
    seq: i64,
}

impl Permitted {
    /// What a user is given and denied in a project.
    pub fn of(&self, user: &UserId, project: &ProjectId) -> Permissions {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            return Permissions::default();
        }
        let entry = known.get(&(user.clone(), project.clone()));
        entry.map(|entry| entry.permissions).unwrap_or_default()
    }

    /// Learns changes, in any order, as often as one likes: the latest number counts.
    pub fn learn(&self, changes: &[Permission]) {
        if changes.is_empty() {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for one in changes {
            let permissions = Permissions::of(&one.statements);
            let key = (one.user.clone(), one.project.clone());
            if known.get(&key).is_none_or(|entry| entry.seq < one.seq) {
                known.insert(key, Entry { permissions, seq: one.seq });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lendglass_core::permission::{Effect, Pattern, Statement};

    use super::*;

    fn change(seq: i64, denied: &[&str]) -> Permission {
        let actions = denied.iter().map(|word| Pattern::trusted(*word)).collect();
        let statements = vec![Statement { effect: Effect::Deny, actions }];
        let (user, project) = (UserId::trusted("bob"), ProjectId::trusted("B"));
        Permission { user, project, statements, seq }
    }

    #[test]
    fn a_change_learnt_late_does_not_undo_a_later_one() {
        let permitted = Permitted::default();
        let bob = || permitted.of(&UserId::trusted("bob"), &ProjectId::trusted("B"));
        permitted.learn(&[change(7, &["ims:images:share"])]);
        assert!(!bob().is_empty());
        permitted.learn(&[change(5, &[])]);
        assert!(!bob().is_empty(), "the older number changes nothing");
        permitted.learn(&[change(8, &[])]);
        assert!(bob().is_empty());
        assert!(permitted.of(&UserId::trusted("bob"), &ProjectId::trusted("A")).is_empty());
    }
}
