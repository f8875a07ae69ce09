"""What the vendor's own library does with Huawei's dialect, with signed requests."""

import os
import pathlib
import subprocess
import sys
import time

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkims import v2 as ims

CLIENT = pathlib.Path(__file__).resolve().parent / "clients" / "huawei_client.py"
JOB_SECONDS_MAX = 30


def client(person, project="own"):
    project = person.project_id if project == "own" else project
    credentials = BasicCredentials(*person.key, project)
    builder = ims.ImsClient.new_builder().with_credentials(credentials)
    return builder.with_endpoint(person.server.url).build()


def wait(client, job_id):
    end = time.monotonic() + JOB_SECONDS_MAX
    while True:
        job = client.show_job(ims.ShowJobRequest(job_id))
        if job.status not in ("INIT", "RUNNING"):
            return job
        assert time.monotonic() < end, "the job does not end"
        time.sleep(0.05)


def share(client, images, projects):
    body = ims.BatchAddMembersRequestBody(images=images, projects=projects)
    return client.batch_add_members(ims.BatchAddMembersRequest(body))


def answer(client, image, project, status):
    body = ims.BatchUpdateMembersRequestBody(images=[image], project_id=project, status=status)
    return wait(client, client.batch_update_members(ims.BatchUpdateMembersRequest(body)).job_id)


def offered(client, state):
    request = ims.ListImagesRequest(imagetype="shared", visibility="shared", member_status=state)
    return [image.id for image in client.list_images(request).images]


@pytest.mark.parametrize("verb", ["flow", "native"])
def test_the_client_program_runs_unchanged(cloud, name, verb):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    env = {**os.environ, "IMS_ENDPOINT": cloud.url, "IMAGE_ID": alice.image(name)}
    for role, person in (("OWNER", alice), ("MEMBER", bob)):
        env[f"{role}_AK"], env[f"{role}_SK"] = person.key
        env[f"{role}_PROJECT"] = person.project_id
    done = subprocess.run([sys.executable, CLIENT, verb], env=env, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout, done.stdout


def test_a_share_from_offer_to_withdrawal(cloud, name):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    owner, member = client(alice), client(bob)
    image = alice.image(name)
    job = wait(owner, share(owner, [image], [bob.project_id]).job_id)
    assert (job.status, job.job_type) == ("SUCCESS", "imsAddImageMembersJob")
    assert job.entities.results[0].status == "success"
    assert image in offered(member, "pending")
    answer(member, image, bob.project_id, "accepted")
    assert image in offered(member, "accepted")
    answer(member, image, bob.project_id, "rejected")
    assert image in offered(member, "rejected")
    listed = owner.list_image_members(ims.ListImageMembersRequest(image)).members
    assert [(m.member_id, m.status) for m in listed] == [(bob.project_id, "rejected")]
    body = ims.BatchAddMembersRequestBody(images=[image], projects=[bob.project_id])
    job_id = owner.batch_delete_members(ims.BatchDeleteMembersRequest(body)).job_id
    assert wait(owner, job_id).entities.results == []
    assert image not in offered(member, "rejected")


def test_attributes_have_their_types(cloud, name):
    alice = cloud.person("alice")
    image = alice.image(name, os_version="Ubuntu 22.04 server 64bit")
    owner = client(alice)
    seen = owner.list_images(ims.ListImagesRequest(id=image)).images[0]
    assert (seen.image_size, seen.os_type, seen.platform) == ("4096", "Linux", "Ubuntu")
    assert (seen.imagetype, seen.isregistered, seen.protected) == ("private", "true", False)
    body = [ims.UpdateImageRequestBody(op="replace", path="/name", value=f"{name}-2")]
    assert owner.update_image(ims.UpdateImageRequest(image, body)).name == f"{name}-2"
    assert {r.type for r in owner.show_image_quota(ims.ShowImageQuotaRequest()).quotas.resources} \
        == {"image", "image_shared", "image_member"}


def test_a_copy_is_made_by_a_job(cloud, name):
    alice = cloud.person("alice")
    owner, image = client(alice), alice.image(name)
    body = ims.CopyImageInRegionRequestBody(name=f"{name}-copy")
    begun = owner.copy_image_in_region(ims.CopyImageInRegionRequest(image, body))
    job = wait(owner, begun.job_id)
    assert (job.status, job.entities.image_name) == ("SUCCESS", f"{name}-copy")
    copy = owner.list_images(ims.ListImagesRequest(id=job.entities.image_id)).images[0]
    assert (copy.status, copy.originalimagename) == ("active", image)


def test_tags_have_keys_and_values(cloud, name):
    alice = cloud.person("alice")
    owner, image = client(alice), alice.image(name)
    tag = ims.AddImageTagRequestBody(tag=ims.ResourceTag(key="env", value="prod"))
    owner.add_image_tag(ims.AddImageTagRequest(image, tag))
    tags = owner.list_image_tags(ims.ListImageTagsRequest(image)).tags
    assert [(tag.key, tag.value) for tag in tags] == [("env", "prod")]
    owner.delete_image_tag(ims.DeleteImageTagRequest(image_id=image, key="env"))
    with pytest.raises(ClientRequestException) as refused:
        owner.delete_image_tag(ims.DeleteImageTagRequest(image_id=image, key="env"))
    assert (refused.value.status_code, refused.value.error_code) == (404, "IMG.0031")


def test_refusals_reach_the_library(cloud, name):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    owner, image = client(alice), alice.image(name)
    for images, projects, code in [
        ([image], [alice.project_id], "IMG.0076"),
        ([image], ["f" * 32], "IMG.0108"),
        (["00000000-0000-4000-8000-000000000000"], [bob.project_id], "IMG.0066"),
    ]:
        with pytest.raises(ClientRequestException) as refused:
            share(owner, images, projects)
        assert (refused.value.status_code, refused.value.error_code) == (400, code)
        assert refused.value.request_id.startswith("req-")
    forged = BasicCredentials(alice.key[0], "wrong", alice.project_id)
    forger = ims.ImsClient.new_builder().with_credentials(forged).with_endpoint(cloud.url).build()
    with pytest.raises(ClientRequestException) as refused:
        offered(forger, "pending")
    assert (refused.value.status_code, refused.value.error_code) == (401, "APIGW.0301")


def test_a_client_finds_its_project_by_the_region(cloud, name):
    alice = cloud.person("alice")
    image = alice.image(name)
    credentials = BasicCredentials(*alice.key).with_iam_endpoint(cloud.url)
    builder = ims.ImsClient.new_builder().with_credentials(credentials)
    found = builder.with_region(Region("r1", cloud.url)).build()
    assert credentials.project_id == alice.project_id
    assert [one.id for one in found.list_images(ims.ListImagesRequest(id=image)).images] == [image]
    other = client(alice, project="f" * 32)
    with pytest.raises(ClientRequestException) as refused:
        other.list_images(ims.ListImagesRequest(id=image))
    assert refused.value.error_code == "IMG.0030"


def test_a_whole_image_is_made_of_a_backup(cloud, name):
    alice = cloud.person("alice")
    vault = alice.call("POST", "/api/v1/vaults", {"name": name, "capacity_gib": 10})
    parts = {"vault": vault["id"], "disks": [alice.image(name)]}
    backup = alice.call("POST", "/api/v1/backups", parts)
    owner = client(alice)
    body = ims.CreateWholeImageRequestBody(
        name=f"{name}-whole", backup_id=backup["id"], whole_image_type="CBR")
    job = wait(owner, owner.create_whole_image(ims.CreateWholeImageRequest(body)).job_id)
    assert (job.status, job.job_type) == ("SUCCESS", "imsCreateWholeImageByBackupJob")
    whole = owner.list_images(ims.ListImagesRequest(id=job.entities.image_id)).images[0]
    assert (whole.status, whole.data_origin) == ("active", "server_backup")


def test_attributes_come_with_glances_images_as_well(cloud, name):
    alice = cloud.person("alice")
    image = alice.image(name, os_version="Ubuntu 22.04 server 64bit")
    shown = client(alice).glance_show_image(ims.GlanceShowImageRequest(image))
    assert (shown.os_type, shown.platform, shown.imagetype) == ("Linux", "Ubuntu", "private")
