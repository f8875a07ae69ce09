"""Every cloud's library under every cloud's rules, and one share through all of them.

A library is how it looks; the profile of the server is what is allowed, whoever asks.
"""

import json
import uuid
from urllib.error import HTTPError

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkims import v2 as ims
from lendglass import ROOT, Server
from lendglass import Refused as CommandRefused
from openstack.exceptions import HttpException
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import cvm_client, models as cvm

import test_ctyun
import test_huawei
import test_tencent


class Refused(Exception):
    """What a cloud said instead of doing it: its code."""


class Huawei:
    """Somebody with Huawei's library."""

    def __init__(self, person):
        self.person, self.client = person, test_huawei.client(person)

    def _batch(self, verb, body):
        try:
            job_id = getattr(self.client, verb)(body).job_id
        except ClientRequestException as error:
            raise Refused(error.error_code) from error
        job = test_huawei.wait(self.client, job_id)
        if job.status != "SUCCESS":
            raise Refused(job.error_code)

    def share(self, image, other):
        body = ims.BatchAddMembersRequestBody(images=[image], projects=[other.project_id])
        self._batch("batch_add_members", ims.BatchAddMembersRequest(body))

    def cancel(self, image, other):
        body = ims.BatchAddMembersRequestBody(images=[image], projects=[other.project_id])
        self._batch("batch_delete_members", ims.BatchDeleteMembersRequest(body))

    def _answer(self, image, status):
        body = ims.BatchUpdateMembersRequestBody(
            images=[image], project_id=self.person.project_id, status=status)
        self._batch("batch_update_members", ims.BatchUpdateMembersRequest(body))

    def accept(self, image):
        self._answer(image, "accepted")

    def reject(self, image):
        self._answer(image, "rejected")

    def has(self, image, state):
        return image in test_huawei.offered(self.client, state)

    def states(self, image):
        members = self.client.list_image_members(ims.ListImageMembersRequest(image)).members
        return [member.status for member in members]


class Ctyun:
    """Somebody with CTyun's library, which says waiting for pending."""

    def __init__(self, person):
        self.person, self.api = person, test_ctyun.Person(person)

    def _do(self, name, **fields):
        answer = self.api.ask(name, **fields)
        if answer.statusCode != 800:
            raise Refused(answer.errorCode)
        return answer.returnObj

    def share(self, image, other):
        account = test_ctyun.Person(other).account
        self._do("shared_image_create", imageID=image, destinationAccountID=account)

    def cancel(self, image, other):
        account = test_ctyun.Person(other).account
        self._do("shared_image_delete", imageID=image, destinationAccountID=account)

    def accept(self, image):
        self._do("shared_image_accept", imageID=image)

    def reject(self, image):
        self._do("shared_image_reject", imageID=image)

    def has(self, image, state):
        return image in self.api.offered(state.replace("pending", "waiting"))

    def states(self, image):
        rows = self._do("show_shared_list", imageID=image, pageSize="50").images
        return [row.imageStatus.replace("waiting", "pending") for row in rows]


class Tencent:
    """Somebody with Tencent's library, which knows no answers: who must give one does it with
    another client."""

    def __init__(self, person):
        self.person = person
        where = HttpProfile(protocol="http", endpoint=f"127.0.0.1:{person.server.port}")
        profile = ClientProfile(httpProfile=where, language="en-US")
        self.client = cvm_client.CvmClient(credential.Credential(*person.key), "r1", profile)

    def _do(self, action, **parameters):
        request = getattr(cvm, f"{action}Request")()
        request.from_json_string(json.dumps(parameters))
        try:
            return getattr(self.client, action)(request)
        except TencentCloudSDKException as error:
            raise Refused(error.get_code()) from error

    def _alias(self, image):
        """The id that this cloud has for an image."""
        name = self.person.connection.image.get_image(image).name
        filters = [{"Name": "image-name", "Values": [name]}]
        [found] = self._do("DescribeImages", Filters=filters).ImageSet
        return found.ImageId

    def _change(self, image, other, permission):
        account = other.call("GET", "/api/v1/me")["account"]["uid"]
        self._do("ModifyImageSharePermission", ImageId=self._alias(image), AccountIds=[account],
                 Permission=permission)

    def share(self, image, other):
        self._change(image, other, "SHARE")

    def cancel(self, image, other):
        self._change(image, other, "CANCEL")

    def accept(self, image):
        Huawei(self.person).accept(image)

    def reject(self, image):
        Huawei(self.person).reject(image)

    def has(self, image, state):
        if state != "accepted":
            return Huawei(self.person).has(image, state)
        filters = [{"Name": "image-type", "Values": ["SHARED_IMAGE"]}]
        listed = self._do("DescribeImages", Filters=filters, Limit=100).ImageSet
        alice = self.person.server.person("alice")
        name = alice.connection.image.get_image(image).name
        return name in [found.ImageName for found in listed]

    def states(self, image):
        rows = self._do("DescribeImageSharePermission", ImageId=self._alias(image))
        return ["shared" for _ in rows.SharePermissionSet]


class OpenStack:
    """Somebody with OpenStack's library."""

    def __init__(self, person):
        self.person, self.api = person, person.connection.image

    def _do(self, verb, *words, **fields):
        try:
            return verb(*words, **fields)
        except HttpException as error:
            raise Refused(str(error.status_code)) from error

    def share(self, image, other):
        self._do(self.api.add_member, image, member_id=other.project_id)

    def cancel(self, image, other):
        self._do(self.api.remove_member, other.project_id, image, ignore_missing=False)

    def _answer(self, image, status):
        self._do(self.api.update_member, self.person.project_id, image, status=status)

    def accept(self, image):
        self._answer(image, "accepted")

    def reject(self, image):
        self._answer(image, "rejected")

    def reopen(self, image):
        self._answer(image, "pending")

    def has(self, image, state):
        listed = self.api.images(visibility="shared", member_status=state)
        return image in [one.id for one in listed]

    def states(self, image):
        return [member.status for member in self.api.members(image)]


LIBRARIES = {"huawei": Huawei, "ctyun": Ctyun, "tencent": Tencent, "openstack": OpenStack}
# Every profile of the product; what each says is read of a server that follows it.
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
PROFILES = DOCUMENT["components"]["schemas"]["Profile"]["enum"]
# How each cloud says that its library was refused: the owner who ends an accepted share, the
# recipient who gives one up, the owner who asks again where that is a conflict.
OWNER_REFUSED = {"huawei": "IMG.0112", "ctyun": "Image.Share.AlreadyAccepted",
                 "tencent": "InvalidImageId.InShared", "openstack": "409"}
RECIPIENT_REFUSED = {"huawei": "IMG.0113", "ctyun": "Image.Share.StatusNotAllowed",
                     "tencent": "IMG.0113", "openstack": "403"}
AGAIN_REFUSED = {"huawei": "IMG.0112", "ctyun": "Image.Share.AlreadyShared",
                 "tencent": "FailedOperation.AccountAlreadyExists", "openstack": "409"}


@pytest.fixture(scope="module", params=[(profile, database) for profile in PROFILES
                                        for database in ("sqlite", "postgres")],
                ids="-".join)
def ruled(request):
    """A server under one profile, and its rules as it tells them."""
    profile, database = request.param
    url = None
    if database == "postgres":
        url = request.getfixturevalue("postgres").url(f"crossed_{profile}".replace("-", "_"))
    server = Server(profile, url)
    rules = server.person("alice").call("GET", "/api/v1/policy")
    assert rules["profile"] == profile
    yield server, rules
    server.close()


@pytest.fixture
def name():
    """A name that every cloud allows."""
    return f"img-{uuid.uuid4().hex[:12]}"


def refused(verb, *words):
    with pytest.raises(Refused) as refusal:
        verb(*words)
    return str(refusal.value)


def status(verb, *words, **fields):
    """The status of a call of OpenStack's library: 200 where it is done."""
    try:
        verb(*words, **fields)
        return 200
    except HttpException as error:
        return error.status_code


def check_use(rules, person, image, is_accepted):
    """What a recipient can do: see an image before the answer as well; have its bytes, copy it."""
    images = person.connection.image
    assert status(images.get_image, image) == 200
    is_usable = is_accepted or not rules["share.use_requires_acceptance"]
    may_download = is_usable and rules["recipient.may_download"]
    # The library's own download looks at no status.
    assert images.get(f"/images/{image}/file").status_code == (200 if may_download else 403)
    copy = f"/api/v1/images/{image}/replicate?dry_run=true"
    try:
        person.call("POST", copy, {"name": f"copy-{uuid.uuid4().hex[:8]}"})
        is_copied = True
    except HTTPError as error:
        assert error.code in (403, 404, 409), error.read()
        is_copied = False
    assert is_copied == (is_usable and rules["recipient.may_replicate"])


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_life_of_a_share_under_every_profile(ruled, library, name):
    server, rules = ruled
    alice, bob = server.person("alice"), server.person("bob")
    owner, recipient = LIBRARIES[library](alice), LIBRARIES[library](bob)
    image = alice.image(name)
    images, carol = alice.connection.image, server.person("carol").connection.image
    assert images.get_image(image).visibility == rules["image.default_visibility"]
    owner.share(image, bob)
    assert images.get_image(image).visibility == "shared"
    if rules["share.acceptance"] == "explicit":
        assert recipient.has(image, "pending") and not recipient.has(image, "accepted")
        check_use(rules, bob, image, is_accepted=False)
        recipient.accept(image)
    assert recipient.has(image, "accepted") and not recipient.has(image, "pending")
    assert owner.states(image) in (["accepted"], ["shared"])
    check_use(rules, bob, image, is_accepted=True)
    assert status(carol.get_image, image) == 404
    may_delete = rules["delete.while_shared"] == "allow"
    dry = f"/api/v1/images/{image}?dry_run=true"
    if may_delete:
        alice.call("DELETE", dry)
    else:
        assert status(images.delete_image, image, ignore_missing=False) == 409
    if rules["recipient.may_remove"]:
        check_rejection(rules, library, owner, recipient, image)
    else:
        assert refused(recipient.reject, image) == RECIPIENT_REFUSED[library]
    if not rules["owner.may_remove_accepted"]:
        assert refused(owner.cancel, image, bob) == OWNER_REFUSED[library]
        recipient.reject(image)
    owner.cancel(image, bob)
    assert not any(recipient.has(image, state) for state in ("pending", "accepted", "rejected"))
    assert owner.states(image) == []
    assert status(bob.connection.image.get_image, image) == 404
    assert images.get_image(image).visibility == rules["image.default_visibility"]
    images.delete_image(image, ignore_missing=False)


def check_rejection(rules, library, owner, recipient, image):
    """The recipient gives up what he has; the owner asks again; in the end it is accepted."""
    bob = recipient.person
    recipient.reject(image)
    assert recipient.has(image, "rejected") and not recipient.has(image, "accepted")
    again = rules["share.reinvite_rejected"]
    if again == "conflict":
        assert refused(owner.share, image, bob) == AGAIN_REFUSED[library]
        assert recipient.has(image, "rejected")
    else:
        owner.share(image, bob)
        assert recipient.has(image, again)
    if again != "accepted":
        recipient.accept(image)
    assert recipient.has(image, "accepted")
    # Only OpenStack has a word for it.
    glance = OpenStack(bob)
    if rules["recipient.may_reopen"]:
        glance.reopen(image)
        assert recipient.has(image, "pending")
        recipient.accept(image)
    else:
        assert refused(glance.reopen, image) == "403"


def test_each_library_tells_the_profiles_numbers(ruled):
    server, rules = ruled
    alice = server.person("alice")
    told = Huawei(alice).client.show_image_quota(ims.ShowImageQuotaRequest()).quotas.resources
    told = {row.type: row.quota for row in told}
    for kind, key in [("image", "private_image.quota"), ("image_shared", "share.max_shared_images"),
                      ("image_member", "share.max_tenants.system")]:
        assert told[kind] == (-1 if rules[key] is None else rules[key]), key
    quota = Tencent(alice)._do("DescribeImageQuota").ImageNumQuota
    assert quota == rules["private_image.quota"] or rules["private_image.quota"] is None


@pytest.mark.parametrize("library", ["huawei", "ctyun", "tencent"])
def test_names_are_as_long_as_the_profile_says(ruled, library, name):
    server, rules = ruled
    alice = server.person("alice")
    image = alice.image(name)
    whole = name.ljust(rules["image.name_max"], "x")

    def rename(to):
        if library == "huawei":
            body = [ims.UpdateImageRequestBody(op="replace", path="/name", value=to)]
            try:
                Huawei(alice).client.update_image(ims.UpdateImageRequest(image, body))
            except ClientRequestException as error:
                raise Refused(error.error_code) from error
        elif library == "ctyun":
            Ctyun(alice)._do("update", imageID=image, imageName=to)
        else:
            tencent = Tencent(alice)
            tencent._do("ModifyImageAttribute", ImageId=tencent._alias(image), ImageName=to)

    refused(rename, f"{whole}x")
    rename(whole)
    images = alice.connection.image
    assert images.get_image(image).name == whole
    images.delete_image(image)


# --- one share through all of them ----------------------------------------------------------------


def seen_by_openstack(owner, image):
    """The states of an image's members as the openstack command prints them."""
    return [row["Status"] for row in owner.show("image", "member", "list", image)]


def listed_by_tccli(recipient):
    """The names of what was shared with somebody, as Tencent's command line prints them."""
    shared = [{"Name": "image-type", "Values": ["SHARED_IMAGE"]}]
    code, text = test_tencent.tccli(recipient, "cvm", "DescribeImages", Filters=shared, Limit="100")
    assert code == 0, text
    return [one["ImageName"] for one in json.loads(text)["ImageSet"]]


def test_huawei_shares_tencent_lists_ctyun_rejects(cloud, name):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    image = alice.image(name)
    Huawei(alice).share(image, bob)
    assert seen_by_openstack(alice, image) == ["pending"]
    assert Ctyun(bob).has(image, "pending") and Ctyun(alice).states(image) == ["pending"]
    assert not Tencent(bob).has(image, "accepted"), "what waits is not listed there"
    bob.openstack("image", "set", "--accept", image)
    assert Ctyun(bob).has(image, "accepted") and Huawei(bob).has(image, "accepted")
    assert Tencent(bob).has(image, "accepted")
    assert name in listed_by_tccli(bob)
    assert Tencent(alice).states(image) == ["shared"]
    Ctyun(bob).reject(image)
    assert name not in listed_by_tccli(bob)
    assert seen_by_openstack(alice, image) == ["rejected"]
    assert Huawei(alice).states(image) == ["rejected"] and Huawei(bob).has(image, "rejected")
    assert not Tencent(bob).has(image, "accepted") and Tencent(alice).states(image) == []
    with pytest.raises(CommandRefused):
        bob.openstack("image", "save", "--file", "/dev/null", image)
    # CTyun knows accounts only: its cancellation ends the share of the account's project.
    Ctyun(alice).cancel(image, bob)
    assert seen_by_openstack(alice, image) == []
    assert refused(Ctyun(bob).accept, image) == "Image.Image.NotFound"
    assert refused(Huawei(bob).accept, image) == "IMG.0066"


def test_ctyun_shares_huawei_accepts_tencent_cancels(cloud, name):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    image = alice.image(name)
    Ctyun(alice).share(image, bob)
    assert seen_by_openstack(alice, image) == ["pending"]
    assert Huawei(bob).has(image, "pending")
    Huawei(bob).accept(image)
    assert Ctyun(alice).states(image) == ["accepted"]
    assert Tencent(bob).has(image, "accepted")
    assert bob.show("image", "show", image)["name"] == name
    Tencent(alice).cancel(image, bob)
    assert seen_by_openstack(alice, image) == []
    assert not Ctyun(bob).has(image, "accepted") and not Huawei(bob).has(image, "accepted")
    with pytest.raises(CommandRefused):
        bob.openstack("image", "show", image)


def test_tencent_shares_ctyun_accepts_huawei_rejects(cloud, name):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    image = alice.image(name)
    Tencent(alice).share(image, bob)
    assert Ctyun(bob).has(image, "pending") and Tencent(alice).states(image) == ["shared"]
    assert refused(Ctyun(alice).share, image, bob) == "Image.Share.AlreadyShared"
    Ctyun(bob).accept(image)
    assert Tencent(bob).has(image, "accepted")
    assert seen_by_openstack(alice, image) == ["accepted"]
    Huawei(bob).reject(image)
    assert Ctyun(alice).states(image) == ["rejected"] and Tencent(alice).states(image) == []
    assert seen_by_openstack(alice, image) == ["rejected"]


def test_openstack_shares_and_every_library_sees_it(cloud, name):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    image = alice.image(name)
    alice.openstack("image", "add", "project", image, bob.project_id)
    for library in (Huawei, Ctyun):
        assert library(bob).has(image, "pending") and library(alice).states(image) == ["pending"]
    bob.openstack("image", "set", "--accept", image)
    for library in LIBRARIES.values():
        assert library(bob).has(image, "accepted")
    assert Ctyun(alice).states(image) == ["accepted"]
    alice.openstack("image", "remove", "project", image, bob.project_id)
    for library in LIBRARIES.values():
        assert not library(bob).has(image, "accepted") and library(alice).states(image) == []
