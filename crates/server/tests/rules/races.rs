//! What happens at once ends as if it had happened one after the other.

use lendglass_core::image::{ImageKind, ImageStatus, Visibility};
use lendglass_core::share::ShareEvent;
use lendglass_core::{Code, ImageId};
use lendglass_server::service::image::{self, NewImage};
use lendglass_server::service::replicate::replicate;
use lendglass_server::service::{share, upload};

use crate::cloud::{BYTES, Cloud, answer_of, caller, member_of, offer, withdrawal, words};
use crate::support::B;

stories! {
    lendglass "lendglass":
        sh_15_many_offers_at_once_never_pass_the_ceiling,
        sh_17_many_answers_at_once_never_pass_the_ceiling,
        sh_16_many_images_at_once_never_pass_the_ceiling,
        t_102_many_images_made_at_once_never_pass_the_quota,
        st_07_accept_against_withdraw_leaves_nothing_dangling,
        st_07_accept_against_withdraw_where_an_acceptance_binds,
        two_uploads_to_one_image_end_in_one,
        delete_against_upload_leaves_no_byte,
        an_id_chosen_twice_is_given_once,
        replicate_against_delete_loses_and_leaks_nothing,
        batches_in_opposite_order_do_not_wait_for_each_other;
}

/// The words that tasks end with, sorted.
async fn ends<F>(tasks: Vec<F>) -> Vec<String>
where
    F: Future<Output = String> + Send + 'static,
{
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut words = Vec::new();
    for task in tasks {
        words.push(task.await.unwrap());
    }
    words.sort();
    words
}

fn count(words: &[String], word: &str) -> usize {
    words.iter().filter(|known| *known == word).count()
}

fn word<T>(result: Result<T, lendglass_core::Error>) -> String {
    result.map_or_else(|error| error.code().as_str().to_owned(), |_| "done".to_owned())
}

async fn sh_15_many_offers_at_once_never_pass_the_ceiling(cloud: &Cloud) {
    cloud.set(None, "share.max_tenants.system", "5").await;
    cloud.set(None, "share.pending_counts", "true").await;
    let projects = cloud.projects(40).await;
    let sys1 = cloud.image("alice", "sys1").await;
    let share = |project: String| {
        let (app, sys1) = (cloud.app.clone(), sys1.clone());
        async move {
            let request = offer(&[&sys1], &[&project]);
            let report = share::invite(&app, &caller("alice"), request).await.unwrap();
            words(&report.results).remove(0)
        }
    };
    let words = ends(projects.into_iter().map(share).collect()).await;
    assert_eq!((count(&words, "pending"), count(&words, "SHARE_TENANT_QUOTA")), (5, 35));
    assert_eq!(cloud.members("alice", &sys1).await.len(), 5);
}

async fn sh_17_many_answers_at_once_never_pass_the_ceiling(cloud: &Cloud) {
    cloud.set(None, "share.max_tenants.system", "5").await;
    let projects = cloud.projects(40).await;
    let sys1 = cloud.image("alice", "sys1").await;
    let all: Vec<&str> = projects.iter().map(String::as_str).collect();
    assert!(cloud.invite("alice", offer(&[&sys1], &all)).await.unwrap().is_done);
    let accept = |project: String| {
        let (app, sys1) = (cloud.app.clone(), sys1.clone());
        async move {
            let answer = answer_of(&[&sys1], ShareEvent::Accept);
            let report = share::answer(&app, &member_of(&project), answer).await.unwrap();
            words(&report.results).remove(0)
        }
    };
    let words = ends(projects.iter().cloned().map(accept).collect()).await;
    assert_eq!((count(&words, "accepted"), count(&words, "SHARE_TENANT_QUOTA")), (5, 35));
}

async fn sh_16_many_images_at_once_never_pass_the_ceiling(cloud: &Cloud) {
    cloud.set(None, "share.max_shared_images", "5").await;
    let images = cloud.records("alice", 40).await;
    let share = |id: ImageId| {
        let app = cloud.app.clone();
        async move {
            let report = share::invite(&app, &caller("alice"), offer(&[&id], &[B])).await.unwrap();
            words(&report.results).remove(0)
        }
    };
    let words = ends(images.into_iter().map(share).collect()).await;
    assert_eq!((count(&words, "pending"), count(&words, "SHARE_IMAGE_QUOTA")), (5, 35));
}

async fn t_102_many_images_made_at_once_never_pass_the_quota(cloud: &Cloud) {
    cloud.set(None, "private_image.quota", "5").await;
    let create = |_| {
        let app = cloud.app.clone();
        async move { word(image::create(&app, &caller("alice"), NewImage::default()).await) }
    };
    let words = ends((0..40).map(create).collect()).await;
    assert_eq!((count(&words, "done"), count(&words, "PRIVATE_IMAGE_QUOTA")), (5, 35));
}

/// Accepts and withdraws 100 shares at once; gives the words of the answers and of the withdrawals,
/// pair by pair.
async fn accept_against_withdraw(cloud: &Cloud) -> Vec<(ImageId, String, String)> {
    let images = cloud.records("alice", 100).await;
    let all: Vec<&ImageId> = images.iter().collect();
    assert!(cloud.invite("alice", offer(&all, &[B])).await.unwrap().is_done);
    let accept = |id: ImageId| {
        let app = cloud.app.clone();
        async move {
            let answer = answer_of(&[&id], ShareEvent::Accept);
            let report = share::answer(&app, &caller("bob"), answer).await.unwrap();
            words(&report.results).remove(0)
        }
    };
    let withdraw = |id: ImageId| {
        let app = cloud.app.clone();
        async move {
            let request = withdrawal(&[&id], &[B]);
            let report = share::withdraw(&app, &caller("alice"), request).await.unwrap();
            words(&report.results).remove(0)
        }
    };
    let tasks: Vec<_> = (0..)
        .zip(images)
        .map(|(at, id)| {
            // Neither side is always the first one in the queue.
            let (accept, withdraw) = (accept(id.clone()), withdraw(id.clone()));
            if at % 2 == 0 {
                let accepting = tokio::spawn(accept);
                (id, accepting, tokio::spawn(withdraw))
            } else {
                let withdrawing = tokio::spawn(withdraw);
                (id, tokio::spawn(accept), withdrawing)
            }
        })
        .collect();
    let mut pairs = Vec::new();
    for (id, accept, withdraw) in tasks {
        pairs.push((id, accept.await.unwrap(), withdraw.await.unwrap()));
    }
    pairs
}

async fn st_07_accept_against_withdraw_leaves_nothing_dangling(cloud: &Cloud) {
    for (id, accept, withdraw) in accept_against_withdraw(cloud).await {
        assert_eq!(withdraw, "removed", "the owner always may");
        assert!(accept == "accepted" || accept == "IMAGE_NOT_FOUND", "{accept}");
        let image = cloud.record(&id).await;
        assert_eq!((image.shares, image.visibility), (0, Visibility::Private));
    }
    assert_eq!(cloud.count("select cast(count(*) as bigint) from share").await, 0);
    assert_eq!(cloud.listed("bob").await, []);
}

async fn st_07_accept_against_withdraw_where_an_acceptance_binds(cloud: &Cloud) {
    cloud.set(None, "owner.may_remove_accepted", "false").await;
    let mut accepted = 0;
    for (id, accept, withdraw) in accept_against_withdraw(cloud).await {
        let is_accepted = accept == "accepted";
        let expected = if is_accepted {
            ("accepted", "SHARE_ACCEPTED")
        } else {
            ("IMAGE_NOT_FOUND", "removed")
        };
        assert_eq!((accept.as_str(), withdraw.as_str()), expected);
        assert_eq!(cloud.record(&id).await.shares, u32::from(is_accepted));
        accepted += i64::from(is_accepted);
    }
    let rows = "select cast(count(*) as bigint) from share where state = 'accepted'";
    assert_eq!(cloud.count(rows).await, accepted);
    let listed = "select cast(count(*) as bigint) from image_access where via = 'share'";
    assert_eq!(cloud.count(listed).await, accepted);
}

async fn upload_all(app: lendglass_server::app::App, id: ImageId) -> String {
    let uploaded = async {
        let mut receiving = upload::begin(&app, &caller("alice"), &id, None).await?;
        receiving.receive(BYTES).await?;
        receiving.finish().await
    };
    word(uploaded.await)
}

async fn two_uploads_to_one_image_end_in_one(cloud: &Cloud) {
    for _ in 0..10 {
        let id = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
        let uploads = (0..4).map(|_| upload_all(cloud.app.clone(), id.clone())).collect();
        let words = ends(uploads).await;
        assert_eq!(count(&words, "done"), 1, "{words:?}");
        let others = count(&words, "IMAGE_BUSY") + count(&words, "IMAGE_HAS_BYTES");
        assert_eq!(others, 3, "{words:?}");
        assert_eq!(cloud.read("alice", &id).await.unwrap(), BYTES);
    }
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 10 * BYTES.len() as u64);
}

async fn delete_against_upload_leaves_no_byte(cloud: &Cloud) {
    for _ in 0..20 {
        let id = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
        let uploading = tokio::spawn(upload_all(cloud.app.clone(), id.clone()));
        let (app, gone) = (cloud.app.clone(), id.clone());
        let deleting =
            tokio::spawn(async move { image::delete(&app, &caller("alice"), &gone).await });
        deleting.await.unwrap().unwrap();
        let end = uploading.await.unwrap();
        assert!(["done", "IMAGE_NOT_FOUND", "UPLOAD_LOST"].contains(&end.as_str()), "{end}");
    }
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 0);
    for table in ["blob", "blob_copy", "upload", "image_disk"] {
        let rows = format!("select cast(count(*) as bigint) from {table}");
        assert_eq!(cloud.count(&rows).await, 0, "{table}");
    }
}

async fn an_id_chosen_twice_is_given_once(cloud: &Cloud) {
    for _ in 0..10 {
        let id = ImageId::trusted(cloud.app.ids.uuid());
        let create = |person: &'static str| {
            let (app, id) = (cloud.app.clone(), id.clone());
            async move {
                let new = NewImage { id: Some(id), ..NewImage::default() };
                word(image::create(&app, &caller(person), new).await)
            }
        };
        let words = ends(vec![create("alice"), create("carol"), create("bob")]).await;
        assert_eq!(words, ["IMAGE_EXISTS", "IMAGE_EXISTS", "done"]);
    }
}

async fn replicate_against_delete_loses_and_leaks_nothing(cloud: &Cloud) {
    for _ in 0..20 {
        let source = cloud.image("alice", "source").await;
        let (app, id) = (cloud.app.clone(), source.clone());
        let copying = tokio::spawn(async move {
            let copied = replicate(&app, &caller("alice"), &id, None).await;
            while lendglass_server::jobs::drain(&app, "worker").await.unwrap() > 0 {}
            copied
        });
        let (app, id) = (cloud.app.clone(), source.clone());
        let deleting = tokio::spawn(async move {
            image::delete(&app, &caller("alice"), &id).await.unwrap();
            while lendglass_server::jobs::drain(&app, "other").await.unwrap() > 0 {}
        });
        deleting.await.unwrap();
        let copied = copying.await.unwrap();
        cloud.settle().await;
        match copied {
            Err(error) => assert_eq!(error.code(), Code::ImageNotFound),
            Ok((copy, _)) => {
                let copy = cloud.record(&copy.id).await;
                if copy.status == ImageStatus::Active {
                    assert_eq!(cloud.read("alice", &copy.id).await.unwrap(), BYTES);
                } else {
                    assert_eq!(copy.status, ImageStatus::Error);
                }
                cloud.check().await;
                cloud.delete("alice", &copy.id).await.unwrap();
            }
        }
        cloud.settle().await;
        assert_eq!(cloud.stored_bytes().await, 0);
    }
    assert_eq!(cloud.count("select cast(count(*) as bigint) from blob").await, 0);
}

/// Each locks its images in id order, however they were named.
async fn batches_in_opposite_order_do_not_wait_for_each_other(cloud: &Cloud) {
    let images = cloud.records("alice", 10).await;
    let projects = cloud.projects(16).await;
    let batch = |(at, project): (usize, String)| {
        let (app, mut images) = (cloud.app.clone(), images.clone());
        if at % 2 == 0 {
            images.reverse();
        }
        async move {
            let request = offer(&images.iter().collect::<Vec<_>>(), &[&project]);
            let report = share::invite(&app, &caller("alice"), request).await.unwrap();
            assert!(report.is_done);
            words(&report.results).join(" ")
        }
    };
    let words = ends(projects.into_iter().enumerate().map(batch).collect()).await;
    assert_eq!(words, vec![["pending"; 10].join(" "); 16]);
}
