"""What the vendor's own library and command line do with Tencent's dialect, with signed requests."""

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import cvm_client, models as cvm
from tencentcloud.lighthouse.v20200324 import lighthouse_client, models as lighthouse

CLIENT = pathlib.Path(__file__).resolve().parent / "clients" / "tencent_client.py"
COPY_SECONDS_MAX = 30
SIGNATURES = [(scheme, method) for scheme in ("TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256")
              for method in ("POST", "GET")]


@pytest.fixture
def name(name):
    """A name of its own that is short enough for this vendor, with room for a suffix."""
    return name[-44:]


class Api:
    """A person's calls, named as the vendor names them: `api.DescribeImages(ImageIds=[...])`."""

    def __init__(self, person, scheme="TC3-HMAC-SHA256", method="POST", service=cvm_client.CvmClient,
                 region="r1", key=None):
        where = HttpProfile(protocol="http", endpoint=f"127.0.0.1:{person.server.port}",
                            reqMethod=method)
        profile = ClientProfile(signMethod=scheme, httpProfile=where, language="en-US")
        self.client = service(credential.Credential(*(key or person.key)), region, profile)
        self.models = lighthouse if service is lighthouse_client.LighthouseClient else cvm

    def __getattr__(self, action):
        def ask(**parameters):
            request = getattr(self.models, f"{action}Request")()
            request.from_json_string(json.dumps(parameters))
            return getattr(self.client, action)(request)
        return ask

    def images(self, kind, **parameters):
        filters = [{"Name": "image-type", "Values": [f"{kind}_IMAGE"]}]
        return self.DescribeImages(Filters=filters, **parameters)

    def share(self, image, *people):
        return self.ModifyImageSharePermission(
            ImageId=image, AccountIds=[number(one) for one in people], Permission="SHARE")

    def cancel(self, image, *people):
        return self.ModifyImageSharePermission(
            ImageId=image, AccountIds=[number(one) for one in people], Permission="CANCEL")


def light(person, **kind):
    return Api(person, service=lighthouse_client.LighthouseClient, **kind)


def number(person):
    """The account's decimal id, by which the vendor's clients know it."""
    return person.call("GET", "/api/v1/me")["account"]["uid"]


def make(person, name, **fields):
    """A whole image; the id the vendor's clients see."""
    person.image(name, **fields)
    filters = [{"Name": "image-name", "Values": [name]}]
    [image] = Api(person).DescribeImages(Filters=filters).ImageSet
    return image.ImageId


def listed(api, kind):
    """Every image of a type, page by page."""
    ids, page = [], api.images(kind, Limit=100)
    while page.ImageSet:
        ids += [image.ImageId for image in page.ImageSet]
        page = api.images(kind, Limit=100, Offset=len(ids))
    return ids


def refusal(call):
    with pytest.raises(TencentCloudSDKException) as refused:
        call()
    assert refused.value.get_request_id()
    return refused.value.get_code()


@pytest.mark.parametrize("scheme, method", SIGNATURES)
def test_the_life_of_a_share(tencent, name, scheme, method):
    alice, bob, carol = (tencent.person(one) for one in ("alice", "bob", "carol"))
    owner, member = Api(alice, scheme, method), Api(bob, scheme, method)
    image = make(alice, name)
    assert owner.DescribeImageSharePermission(ImageId=image).SharePermissionSet == []
    owner.share(image, bob, carol)
    shared = owner.DescribeImageSharePermission(ImageId=image).SharePermissionSet
    assert {row.AccountId for row in shared} == {number(bob), number(carol)}
    assert all(row.CreatedTime.endswith("Z") for row in shared)
    [seen] = member.DescribeImages(ImageIds=[image]).ImageSet
    assert (seen.ImageType, seen.ImageState) == ("SHARED_IMAGE", "NORMAL")
    assert seen.ImageCreator == number(alice)
    assert image in listed(member, "SHARED") and image in listed(Api(carol), "SHARED")
    assert image not in listed(member, "PRIVATE") and image in listed(owner, "PRIVATE")
    text = "a=b&c d +1 镜像"
    owner.ModifyImageAttribute(ImageId=image, ImageName="新的 镜像", ImageDescription=text)
    [seen] = member.DescribeImages(ImageIds=[image]).ImageSet
    assert (seen.ImageName, seen.ImageDescription) == ("新的 镜像", text)
    assert refusal(lambda: owner.DeleteImages(ImageIds=[image])) == "InvalidImageId.InShared"
    owner.cancel(image, bob)
    assert image not in listed(member, "SHARED") and image in listed(Api(carol), "SHARED")
    owner.cancel(image, carol)
    owner.DeleteImages(ImageIds=[image], DeleteBindedSnap=False)
    assert owner.DescribeImages(ImageIds=[image]).TotalCount == 0
    assert owner.DescribeImageQuota().ImageNumQuota == 500


def run(tencent, person, *words, **settings):
    """The client program, unchanged."""
    env = {**os.environ, "TC_ENDPOINT": tencent.url, "TC_REGION": "r1", **settings}
    env["TC_SECRET_ID"], env["TC_SECRET_KEY"] = person.key
    done = subprocess.run([sys.executable, CLIENT, *words], env=env, capture_output=True, text=True,
                          timeout=60)
    return done.returncode, json.loads(done.stdout or done.stderr)


@pytest.mark.parametrize("scheme, method", SIGNATURES)
def test_the_client_program_runs_unchanged(tencent, name, scheme, method):
    alice, bob = tencent.person("alice"), tencent.person("bob")
    image, settings = make(alice, name), {"TC_SIGN": scheme, "TC_METHOD": method}

    def done(person, *words):
        status, answer = run(tencent, person, *words, **settings)
        assert status == 0, answer
        return answer

    assert done(alice, "quota")["ImageNumQuota"] == 500
    done(alice, "share", image, number(bob))
    [row] = done(alice, "permission", image)["SharePermissionSet"]
    assert row["AccountId"] == number(bob)
    shared = done(bob, "shared", "0", "100")["ImageSet"]
    assert image in [one["ImageId"] for one in shared]
    copy = done(alice, "copy", image, "r1,r2")["ImageSet"]
    assert [one["Region"] for one in copy] == ["r1", "r2"]
    status, refused = run(tencent, bob, "copy", image, "r1", **settings)
    assert (status, refused["code"]) == (2, "InvalidParameterValue.InvalidImageId")
    status, refused = run(tencent, bob, "rename", image, "mine", **settings)
    assert (status, refused["code"]) == (2, "UnsupportedOperation.SharedImageModifyUnsupported")
    status, refused = run(tencent, bob, "delete", image, **settings)
    assert (status, refused["code"]) == (2, "InvalidParameterValue.InvalidImageIdIsShared")
    done(alice, "cancel", image, number(bob))
    done(alice, "rename", image, f"{name} 2")
    blueprint = done(alice, "lh-share", image)["BlueprintId"]
    done(alice, "lh-xshare", blueprint, number(bob))
    [row] = done(alice, "lh-xlist", blueprint)["BlueprintShareAcrossAccountInfoSet"]
    assert (row["BlueprintId"], row["AccountId"]) == (blueprint, number(bob))
    done(alice, "lh-xcancel", blueprint, number(bob))
    done(alice, "lh-cancel", image)
    done(alice, "delete", image)


def tccli(person, service, action, **parameters):
    """The vendor's command line: exit status and what it says."""
    words = [pathlib.Path(sys.executable).parent / "tccli", service, action, "--secretId",
             person.key[0], "--secretKey", person.key[1], "--region", "r1", "--endpoint",
             person.server.url, "--language", "en-US"]
    for parameter, value in parameters.items():
        words += [f"--{parameter}", value if isinstance(value, str) else json.dumps(value)]
    env = {**os.environ, "HOME": str(person.server.folder)}
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_the_command_line(tencent, name):
    alice, bob = tencent.person("alice"), tencent.person("bob")
    image = make(alice, name)
    status, text = tccli(alice, "cvm", "ModifyImageSharePermission", ImageId=image,
                         AccountIds=[number(bob)], Permission="SHARE")
    assert status == 0, text
    status, text = tccli(bob, "cvm", "DescribeImages",
                         Filters=[{"Name": "image-type", "Values": ["SHARED_IMAGE"]}], Limit="100")
    assert status == 0 and image in [one["ImageId"] for one in json.loads(text)["ImageSet"]], text
    status, text = tccli(bob, "cvm", "DeleteImages", ImageIds=[image])
    assert status == 255 and "InvalidParameterValue.InvalidImageIdIsShared" in text, text
    status, text = tccli(alice, "lighthouse", "ModifyImageSharePermission", ImageId=image,
                         Permission="SHARE")
    assert status == 0, text
    blueprint = json.loads(text)["BlueprintId"]
    status, text = tccli(alice, "lighthouse", "DescribeBlueprints", BlueprintIds=[blueprint])
    assert status == 0 and json.loads(text)["BlueprintSet"][0]["ImageId"] == image, text


def test_lists_have_pages_and_filters(tencent, name):
    alice, bob = tencent.person("alice"), tencent.person("bob")
    owner, member = Api(alice), Api(bob, method="GET")
    named = [{"Name": "image-name", "Values": [name.upper()]}]
    for at in range(5):
        tags = ["env=prod", "web"] if at % 2 else ["env=test"]
        alice.image(f"{name}-{at}", os_distro="ubuntu", tags=tags)
    everything = [image.ImageId for image in owner.DescribeImages(Filters=named).ImageSet]
    assert len(everything) == 5
    pages = [owner.DescribeImages(Filters=named, Offset=at, Limit=2) for at in (0, 2, 4, 6)]
    assert [len(page.ImageSet) for page in pages] == [2, 2, 1, 0]
    assert [image.ImageId for page in pages for image in page.ImageSet] == everything
    assert {page.TotalCount for page in pages} == {5}
    for filters, count in [
        ([{"Name": "tag-key", "Values": ["web"]}], 2),
        ([{"Name": "tag-value", "Values": ["prod", "test"]}], 5),
        ([{"Name": "tag:env", "Values": ["test"]}], 3),
        ([{"Name": "platform", "Values": ["UBU"]}], 5),
        ([{"Name": "platform", "Values": ["windows"]}], 0),
        ([{"Name": "image-id", "Values": everything[:3]}], 3),
        ([{"Name": "image-type", "Values": ["SHARED_IMAGE"]}], 0),
        ([{"Name": "image-type", "Values": ["SHARED_IMAGE", "PRIVATE_IMAGE"]}], 5),
        ([{"Name": "cdc-cache-status", "Values": ["CACHED"]}], 0),
    ]:
        assert owner.DescribeImages(Filters=named + filters).TotalCount == count, filters
    assert owner.DescribeImages(ImageIds=everything[:2], InstanceType="S5.SMALL2").TotalCount == 2
    for image in everything[:4]:
        owner.share(image, bob)
    pages = [member.images("SHARED", Offset=at, Limit=3) for at in (0, 3)]
    assert {image for image in everything[:4]} <= set(listed(member, "SHARED"))
    assert all(len(page.ImageSet) <= 3 for page in pages)
    assert refusal(lambda: owner.DescribeImages(ImageIds=everything, Filters=named)) \
        == "InvalidParameter.InvalidParameterCoexistImageIdsFilters"
    assert refusal(lambda: owner.DescribeImages(Limit=101)) \
        == "InvalidParameterValue.LimitExceeded"
    assert refusal(lambda: owner.DescribeImages(Filters=[{"Name": "colour", "Values": ["red"]}])) \
        == "InvalidFilter"
    six = [{"Name": "image-name", "Values": list("abcdef")}]
    assert refusal(lambda: owner.DescribeImages(Filters=six)) == "InvalidFilterValue.LimitExceeded"


def test_batches_stand_or_fall_as_one(tencent, name):
    alice, bob, carol = (tencent.person(one) for one in ("alice", "bob", "carol"))
    owner = Api(alice)
    images = [make(alice, f"{name}-{at}") for at in range(3)]
    change = {"ImageId": images[0], "Permission": "SHARE"}
    code = refusal(lambda: owner.ModifyImageSharePermission(
        AccountIds=[number(bob), "999999999999"], **change))
    assert code == "InvalidAccountId.NotFound"
    assert owner.DescribeImageSharePermission(ImageId=images[0]).SharePermissionSet == []
    owner.share(images[0], bob)
    owner.share(images[0], bob, carol)
    assert refusal(lambda: owner.share(images[0], bob, carol)) \
        == "FailedOperation.AccountAlreadyExists"
    assert refusal(lambda: owner.DeleteImages(ImageIds=images)) == "InvalidImageId.InShared"
    assert owner.DescribeImages(ImageIds=images).TotalCount == 3
    owner.cancel(images[0], bob, carol)
    assert refusal(lambda: owner.DeleteImages(ImageIds=images, DryRun=True)) == "DryRunOperation"
    owner.DeleteImages(ImageIds=images, DryRun=False)
    assert listed(owner, "PRIVATE").count(images[0]) == 0


def test_refusals_reach_the_library(tencent, name):
    alice, bob, carol = (tencent.person(one) for one in ("alice", "bob", "carol"))
    owner, member, stranger = Api(alice), Api(bob), Api(carol)
    image = make(alice, name)
    owner.share(image, bob)
    for call, code in [
        (lambda: owner.share("img-x", bob), "InvalidImageId.Malformed"),
        (lambda: owner.share("img-00000000", bob), "InvalidImageId.NotFound"),
        (lambda: stranger.share(image, bob), "InvalidImageId.NotFound"),
        (lambda: owner.share(image, alice), "InvalidAccountIs.YourSelf"),
        (lambda: member.share(image, carol), "UnauthorizedOperation.ImageNotBelongToAccount"),
        (lambda: member.DescribeImageSharePermission(ImageId=image),
         "UnauthorizedOperation.ImageNotBelongToAccount"),
        (lambda: owner.cancel(image, carol), "InvalidAccountId.NotFound"),
        (lambda: owner.ModifyImageSharePermission(ImageId=image), "MissingParameter"),
        (lambda: owner.CreateImage(ImageName="x", InstanceId="ins-1"), "UnsupportedOperation"),
        (lambda: owner.DescribeZones(), "InvalidAction"),
        (lambda: Api(alice, region="r9").DescribeImageQuota(), "InvalidRegion.NotFound"),
        (lambda: Api(bob, region="r2").DescribeImageQuota(), "UnsupportedRegion"),
        (lambda: Api(alice, key=(alice.key[0], "guess")).DescribeImageQuota(),
         "AuthFailure.SignatureFailure"),
        (lambda: Api(alice, key=("AKIDnobody", "guess")).DescribeImageQuota(),
         "AuthFailure.SignatureFailure"),
        (lambda: Api(alice, "HmacSHA1", key=(alice.key[0], "guess")).DescribeImageQuota(),
         "AuthFailure.SignatureFailure"),
    ]:
        assert refusal(call) == code


def whole(api, image):
    """Waits until a copy has its bytes."""
    end = time.monotonic() + COPY_SECONDS_MAX
    while True:
        [seen] = api.DescribeImages(ImageIds=[image]).ImageSet
        if seen.ImageState != "SYNCING":
            assert seen.ImageState == "NORMAL"
            return seen
        assert time.monotonic() < end, "the copy does not end"
        time.sleep(0.05)


def test_copies_go_to_other_regions_and_into_ones_own(tencent, name):
    alice = tencent.person("alice")
    owner, there = Api(alice), Api(alice, region="r2")
    image = make(alice, name)
    made = owner.SyncImages(ImageIds=[image], DestinationRegions=["r2"], ImageName=f"{name}-r2",
                            ImageSetRequired=True).ImageSet
    [(copy, region)] = [(one.ImageId, one.Region) for one in made]
    assert (region, whole(there, copy).ImageName) == ("r2", f"{name}-r2")
    assert owner.DescribeImages(ImageIds=[copy]).TotalCount == 0, "it is in the other region"
    there.DeleteImages(ImageIds=[copy])
    both = owner.SyncImages(ImageIds=[image], DestinationRegions=["r1", "r2"],
                            ImageSetRequired=True).ImageSet
    assert [one.Region for one in both] == ["r1", "r2"]
    for call, code in [
        (lambda: owner.SyncImages(ImageIds=[image], DestinationRegions=["r9"]),
         "InvalidRegion.NotFound"),
        (lambda: owner.SyncImages(ImageIds=[image], DestinationRegions=["r2"], Encrypt=True),
         "UnsupportedOperation.SyncEncryptImageNotSupport"),
        (lambda: owner.SyncImages(ImageIds=[image], DestinationRegions=["r2"], DryRun=True),
         "DryRunOperation"),
    ]:
        assert refusal(call) == code


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_an_image_is_usable_in_lighthouse(tencent, name, method):
    alice, bob = tencent.person("alice"), tencent.person("bob")
    owner, member = light(alice, method=method), light(bob, method=method)
    image = make(alice, name)
    by_id = [{"Name": "image-id", "Values": [image]}]
    [row] = owner.DescribeImagesToShare(Filters=by_id).ImageSet
    assert (row.IsShareable, row.UnshareableReason, row.ImageClass) == (True, "", "SystemImage")
    blueprint = owner.ModifyImageSharePermission(ImageId=image, Permission="SHARE").BlueprintId
    [row] = owner.DescribeImagesToShare(Filters=by_id).ImageSet
    assert not row.IsShareable and row.UnshareableReason
    [seen] = owner.DescribeBlueprints(BlueprintIds=[blueprint]).BlueprintSet
    assert (seen.ImageId, seen.BlueprintType, seen.BlueprintState) == (image, "PRIVATE", "NORMAL")
    owner.ModifyBlueprintAttribute(BlueprintId=blueprint, BlueprintName=f"{name}-lh")
    owner.ShareBlueprintAcrossAccounts(BlueprintId=blueprint, AccountIds=[number(bob)])
    shared = [{"Name": "blueprint-type", "Values": ["SHARED"]}]
    assert blueprint in [one.BlueprintId for one in member.DescribeBlueprints(
        Filters=shared, Limit=100).BlueprintSet]
    [info] = owner.DescribeBlueprintsShareAcrossAccountInfos(
        BlueprintIds=[blueprint]).BlueprintShareAcrossAccountInfoSet
    assert (info.BlueprintId, info.AccountId) == (blueprint, number(bob))
    refused = lambda: member.DeleteBlueprints(BlueprintIds=[blueprint])  # noqa: E731
    assert refusal(refused) == "UnsupportedOperation.NotSupportSharedBlueprint"
    owner.CancelShareBlueprintAcrossAccounts(BlueprintId=blueprint, AccountIds=[number(bob)])
    owner.ModifyImageSharePermission(ImageId=image, Permission="CANCEL")
    named = [{"Name": "blueprint-name", "Values": [f"{name}-lh"]}]
    assert owner.DescribeBlueprints(Filters=named).TotalCount == 0
    refused = lambda: owner.ShareBlueprintAcrossAccounts(  # noqa: E731
        BlueprintId=blueprint, AccountIds=[number(bob)])
    assert refusal(refused) == "ResourceNotFound.BlueprintIdNotFound"


def test_where_offers_wait_an_acceptance_elsewhere_counts(cloud, name):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    image, owner, member = make(alice, name), Api(alice), Api(bob)
    owner.share(image, bob)
    assert [row.AccountId for row in owner.DescribeImageSharePermission(
        ImageId=image).SharePermissionSet] == [number(bob)]
    assert image not in listed(member, "SHARED"), "it waits, and this client cannot accept"
    [record] = [one for one in alice.connection.image.images() if one.name == name]
    bob.openstack("image", "set", "--accept", record.id)
    assert image in listed(member, "SHARED")
    [copy] = member.SyncImages(ImageIds=[image], DestinationRegions=["r1"],
                               ImageSetRequired=True).ImageSet
    assert whole(member, copy.ImageId).ImageType == "PRIVATE_IMAGE"
    assert refusal(lambda: member.SyncImages(ImageIds=[image], DestinationRegions=["r2"])) \
        == "UnsupportedOperation.Region", "bob has no project there"
    bob.openstack("image", "set", "--reject", record.id)
    assert image not in listed(member, "SHARED")
    assert owner.DescribeImageSharePermission(ImageId=image).SharePermissionSet == []
