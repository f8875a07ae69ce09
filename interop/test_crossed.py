"""Every cloud's library under every cloud's rules, and one share through all of them.

A library is how it looks; the profile of the server is what is allowed, whoever asks.
"""

import json
import uuid

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkims import v2 as ims
from lendglass import Refused as CommandRefused
from lendglass import Server
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import cvm_client, models as cvm

import test_ctyun
import test_huawei


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


LIBRARIES = {"huawei": Huawei, "ctyun": Ctyun, "tencent": Tencent}
# What the rules of a cloud say, whichever library asks: whether an offer is accepted at once,
# whether the owner may take an accepted image back, whether the recipient may give it up, and
# whether an image goes while somebody has it.
RULES = {
    "huawei": {"automatic": False, "owner_ends": True, "recipient_ends": True, "deletes": True},
    "ctyun": {"automatic": False, "owner_ends": True, "recipient_ends": True, "deletes": True},
    "ctyun-v4": {"automatic": False, "owner_ends": False, "recipient_ends": True,
                 "deletes": False},
    "tencent": {"automatic": True, "owner_ends": True, "recipient_ends": False,
                "deletes": False},
}
# How each cloud says that its library was refused.
OWNER_REFUSED = {"huawei": "IMG.0112", "ctyun": "Image.Share.AlreadyAccepted",
                 "tencent": "InvalidImageId.InShared"}
RECIPIENT_REFUSED = {"huawei": "IMG.0113", "ctyun": "Image.Share.StatusNotAllowed",
                     "tencent": "IMG.0113"}


@pytest.fixture(scope="module", params=[(profile, database) for profile in RULES
                                        for database in ("sqlite", "postgres")],
                ids="-".join)
def ruled(request):
    """A server under one cloud's rules, and those."""
    profile, database = request.param
    url = None
    if database == "postgres":
        url = request.getfixturevalue("postgres").url(f"crossed_{profile}".replace("-", "_"))
    server = Server(profile, url)
    yield server, RULES[profile]
    server.close()


@pytest.fixture
def name():
    """A name that every cloud allows."""
    return f"img-{uuid.uuid4().hex[:12]}"


def refused(verb, *words):
    with pytest.raises(Refused) as refusal:
        verb(*words)
    return str(refusal.value)


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_library_under_each_clouds_rules(ruled, library, name):
    server, rules = ruled
    alice, bob = server.person("alice"), server.person("bob")
    owner, recipient = LIBRARIES[library](alice), LIBRARIES[library](bob)
    image = alice.image(name)
    owner.share(image, bob)
    if not rules["automatic"]:
        assert recipient.has(image, "pending") and not recipient.has(image, "accepted")
        recipient.accept(image)
    assert recipient.has(image, "accepted")
    assert owner.states(image) in (["accepted"], ["shared"])
    if not rules["deletes"]:
        with pytest.raises(Exception, match="409|shared"):
            alice.connection.image.delete_image(image)
    if rules["recipient_ends"]:
        recipient.reject(image)
        assert recipient.has(image, "rejected") and not recipient.has(image, "accepted")
        recipient.accept(image)
        assert recipient.has(image, "accepted")
    else:
        assert refused(recipient.reject, image) == RECIPIENT_REFUSED[library]
    if not rules["owner_ends"]:
        assert refused(owner.cancel, image, bob) == OWNER_REFUSED[library]
        recipient.reject(image)
    owner.cancel(image, bob)
    assert not any(recipient.has(image, state) for state in ("pending", "accepted", "rejected"))
    assert owner.states(image) == []
    alice.connection.image.delete_image(image)


# --- one share through all of them ----------------------------------------------------------------


def seen_by_openstack(owner, image):
    """The states of an image's members as the openstack command prints them."""
    return [row["Status"] for row in owner.show("image", "member", "list", image)]


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
    assert Tencent(alice).states(image) == ["shared"]
    Ctyun(bob).reject(image)
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
