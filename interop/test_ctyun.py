"""What the vendor's own library does with CTyun's dialect, with signed requests."""

import json
import os
import pathlib
import subprocess
import sys
import time
import uuid

import pytest
from ctyun_python_sdk_core import ClientConfig
from ctyunsdk_image20220909 import models as m
from ctyunsdk_image20220909.image_client import ImageClient

CLIENT = pathlib.Path(__file__).resolve().parent / "clients" / "ctyun_client.py"
REGION = "r1"
COPY_SECONDS_MAX = 30


class Person:
    """Somebody with the vendor's library."""

    def __init__(self, person, secret=None):
        self.person = person
        ak, sk = person.key
        self.client = ImageClient(ClientConfig(person.server.url, ak, secret or sk))

    @property
    def account(self):
        return self.person.call("GET", "/api/v1/me")["account"]["id"]

    def ask(self, name, **fields):
        """The answer to a call of the image service, whatever it is."""
        words = "".join(word.capitalize() for word in name.split("_"))
        request = getattr(m, f"V4Image{words}Request")(regionID=REGION, **fields)
        return getattr(self.client, f"v4_image_{name}")(request)

    def do(self, name, **fields):
        """What a call that must be done returns."""
        answer = self.ask(name, **fields)
        assert (answer.statusCode, answer.message) == (800, "SUCCESS"), answer
        return answer.returnObj

    def refused(self, name, **fields):
        answer = self.ask(name, **fields)
        assert answer.statusCode == 900 and answer.message, answer
        return answer.errorCode

    def offered(self, status=None):
        page = self.do("list", imageVisibilityCode=2, imageStatus=status, pageSize=200)
        return {image.imageID: image.imageStatus for image in page.images}


@pytest.fixture
def alice(cloud):
    return Person(cloud.person("alice"))


@pytest.fixture
def bob(cloud):
    return Person(cloud.person("bob"))


def test_a_share_from_offer_to_withdrawal(alice, bob, name):
    image = alice.person.image(name)
    alice.do("shared_image_create", imageID=image, destinationAccountID=bob.account)
    assert bob.offered()[image] == "waiting"
    bob.do("shared_image_accept", imageID=image)
    assert bob.offered("accepted")[image] == "accepted"
    rows = alice.do("show_shared_list", imageID=image)
    assert (rows.totalCount, rows.images[0].destinationAccountID) == (1, bob.account)
    assert (rows.images[0].imageStatus, rows.images[0].imageVisibility) == ("accepted", "shared")
    own = alice.do("detail", imageID=image).images[0]
    assert (own.imageShareCount, own.hasAcceptedSharedImages) == (1, True)
    bob.do("shared_image_reject", imageID=image)
    assert image not in bob.offered() and bob.offered("rejected")[image] == "rejected"
    bob.do("shared_image_accept", imageID=image)
    alice.do("shared_image_delete", imageID=image, destinationAccountID=bob.account)
    assert image not in bob.offered()
    assert bob.do("detail", imageID=image).images == []
    alice.do("delete", imageID=image)


def test_several_are_cancelled_at_once(cloud, alice, bob, name):
    carol = Person(cloud.person("carol"))
    image = alice.person.image(name)
    for person in (bob, carol):
        alice.do("shared_image_create", imageID=image, destinationAccountID=person.account)
    both = f"{bob.account},{carol.account}"
    alice.do("shared_image_delete", imageID=image, destinationAccountID=both)
    assert alice.do("show_shared_list", imageID=image).totalCount == 0
    for person in (bob, carol):
        alice.do("shared_image_create", imageID=image, destinationAccountID=person.account)
    alice.do("shared_image_delete", imageID=image, CancelAllSharedAccount=True)
    assert alice.do("show_shared_list", imageID=image).images == []


def test_lists_are_paged_and_filtered(alice, name):
    tag = uuid.uuid4().hex[:8]
    made = {alice.person.image(f"{tag}-{n}", os_type="linux") for n in range(5)}
    met = []
    for number in (1, 2, 3):
        page = alice.do("list", imageVisibilityCode=0, queryContent=tag.upper(), pageNo=number,
                        pageSize=2)
        assert (page.totalCount, page.totalPage, page.pageNo) == (5, 3, number)
        assert page.currentCount == len(page.images)
        met += [image.imageID for image in page.images]
    assert len(met) == 5 and set(met) == made
    one = alice.do("list", imageVisibilityCode=0, imageName=f"{tag}-3")
    assert [image.imageName for image in one.images] == [f"{tag}-3"]
    for fields, count in [({"osTypeCode": 1}, 5), ({"osTypeCode": 2}, 0),
                          ({"imageType": "others"}, 5), ({"imageType": "data_disk_image"}, 0)]:
        page = alice.do("list", imageVisibilityCode=0, queryContent=tag, **fields)
        assert page.totalCount == count, fields
    awkward = alice.do("list", imageVisibilityCode=0, queryContent=f"{tag} a=b/c+d é")
    assert awkward.totalCount == 0
    assert alice.refused("list", pageSize=201) == "Openapi.Parameter.Error"


def test_records_change_and_go(alice, name):
    image = alice.person.image(name, min_ram=1024)
    alice.do("update", imageID=image, imageName=f"{name}-2", description="front", maximumRAM=8)
    label = m.V4ImageUpdateLabelsRequestLabels(labelKey="env", labelValue="prod")
    alice.do("update_labels", imageIDList=image, labels=[label], operateType="BIND")
    seen = alice.do("detail", imageID=image).images[0]
    assert (seen.imageName, seen.description) == (f"{name}-2", "front")
    assert (seen.minimumRAM, seen.maximumRAM, seen.imageSize) == (1, 8, 4096)
    assert alice.person.connection.image.get_image(image).tags == ["env=prod"]
    for verb, status in (("deactivate", "deactivated"), ("reactivate", "active")):
        alice.do(verb, imageID=image)
        assert alice.do("detail", imageID=image).images[0].imageStatus == status
    alice.do("delete", imageID=image)
    assert alice.refused("delete", imageID=image) == "Image.Image.NotFound"


def test_a_received_image_is_copied(alice, bob, name):
    image, copy = alice.person.image(name), f"copy-{uuid.uuid4().hex[:8]}"
    alice.do("shared_image_create", imageID=image, destinationAccountID=bob.account)
    refused = bob.refused("create_from_shared", imageID=image, imageName=copy)
    assert refused == "Image.Share.StatusNotAllowed"
    bob.do("shared_image_accept", imageID=image)
    bob.do("create_from_shared", imageID=image, imageName=copy)
    end = time.monotonic() + COPY_SECONDS_MAX
    while True:
        [made] = bob.do("list", imageVisibilityCode=0, imageName=copy).images
        if made.imageStatus != "syncing":
            break
        assert time.monotonic() < end, "the copy does not end"
        time.sleep(0.05)
    assert (made.imageStatus, made.imageSize) == ("active", 4096)


def test_refusals_reach_the_library(cloud, alice, bob, name):
    image = alice.person.image(name)
    unknown = "00000000-0000-4000-8000-000000000000"
    for account, of, code in [
        (alice.account, image, "Image.Share.SelfShare"),
        ("f" * 32, image, "Image.Share.AccountNotFound"),
        (bob.account, unknown, "Image.Image.NotFound"),
        (None, image, "Openapi.Parameter.Error"),
    ]:
        refused = alice.refused("shared_image_create", imageID=of, destinationAccountID=account)
        assert refused == code
    alice.do("shared_image_create", imageID=image, destinationAccountID=bob.account)
    again = alice.refused("shared_image_create", imageID=image, destinationAccountID=bob.account)
    assert again == "Image.Share.AlreadyShared"
    assert alice.refused("export", imageID=image, bucket="b", filename="f") \
        == "Image.Operation.NotSupported"
    answer = alice.client.v4_image_list(m.V4ImageListRequest(regionID="r9"))
    assert (answer.statusCode, answer.errorCode) == (900, "Openapi.RegionInfo.AccessFailed")
    # The gateway's refusals are not answers of the service: the library makes 900 of them.
    forger = Person(cloud.person("alice"), secret="wrong")
    answer = forger.ask("list")
    assert (answer.statusCode, answer.errorCode, answer.httpCode) == (900, "CTAPI_10009", 401)
    assert answer.traceId.startswith("req-")


@pytest.fixture
def program(cloud):
    """Runs the vendor's example program as somebody: its exit status and what it printed."""
    def run(person, *words, key=None, **more):
        ak, sk = key or person.key
        env = {**os.environ, "CTYUN_ENDPOINT": cloud.url, "CTYUN_AK": ak, "CTYUN_SK": sk,
               "CTYUN_REGION_ID": REGION, **more}
        done = subprocess.run([sys.executable, CLIENT, *words], env=env, capture_output=True,
                              text=True, timeout=120)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)
    return run


def test_the_client_program_runs_unchanged(cloud, program, bob, name):
    alice = cloud.person("alice")
    image, account = alice.image(name), bob.account

    def done(person, *words):
        status, answer = program(person, *words)
        assert (status, answer["statusCode"]) == (0, 800), answer
        return answer["returnObj"]

    done(alice, "share", image, account)
    assert program(alice, "share", image, account)[0] == 2
    assert image in [i["imageID"] for i in done(bob.person, "shared", "waiting")["images"]]
    done(bob.person, "accept", image)
    [row] = done(alice, "members", image, "1", "50")["images"]
    assert (row["destinationAccountID"], row["imageStatus"]) == (account, "accepted")
    done(bob.person, "copyin", image, f"mine-{uuid.uuid4().hex[:8]}")
    done(bob.person, "reject", image)
    done(alice, "cancel", image, account)
    done(alice, "share", image, account)
    done(alice, "cancelall", image)
    done(alice, "rename", image, "renamed")
    assert done(alice, "private", "RENAMED")["totalCount"] >= 1
    assert done(alice, "detail", image)["images"][0]["imageName"] == "renamed"
    done(alice, "deactivate", image)
    done(alice, "reactivate", image)
    done(alice, "delete", image)
    assert done(alice, "detail", image)["images"] == []
    status, answer = program(alice, "delete", image)
    assert (status, answer["errorCode"]) == (2, "Image.Image.NotFound")


def test_a_machine_in_china_signs_in_its_own_time(cloud, program):
    carol = cloud.person("carol")
    made = carol.call("POST", "/api/v1/access-keys", {})
    key = made["id"], made["secret"]
    for _ in range(2):
        assert program(carol, "private", key=key, TZ="CST-8")[0] == 0
    # The key is bound to that reading of its stamps.
    status, answer = program(carol, "private", key=key, TZ="UTC")
    assert (status, answer["errorCode"]) == (2, "CTAPI_10009")
    assert program(carol, "private", key=key, TZ="CST-8")[0] == 0
