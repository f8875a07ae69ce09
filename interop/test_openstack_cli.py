"""The main job through the unmodified `openstack` client."""

import copy
import hashlib

import pytest

from lendglass import Refused


def names(rows):
    return {row["Name"] for row in rows}


def create(person, name, file, *words):
    return person.show("image", "create", name, "--disk-format", "qcow2", "--container-format",
                       "bare", "--file", file, *words)


def test_sign_in_shows_the_catalog(cloud):
    alice = cloud.person("alice")
    token = alice.show("token", "issue")
    assert token["project_id"] == alice.project_id
    services = {row["Type"]: row["Endpoints"] for row in alice.show("catalog", "list")}
    assert {"image", "identity"} <= services.keys()
    assert cloud.url in str(services["image"])


def test_a_wrong_password_is_refused(cloud):
    carol = copy.copy(cloud.person("carol"))
    carol.auth = lambda: {**type(carol).auth(carol), "password": "guess"}
    with pytest.raises(Refused, match="401"):
        carol.openstack("token", "issue")


def test_the_life_of_an_image(cloud, qcow2, name, tmp_path):
    alice = cloud.person("alice")
    image = create(alice, name, qcow2, "--property", "os_distro=debian", "--tag", "golden",
                   "--min-disk", "1")
    data = qcow2.read_bytes()
    assert image["status"] == "active"
    assert image["owner"] == alice.project_id
    assert (image["size"], image["virtual_size"]) == (len(data), 8 << 20)
    assert image["checksum"] == hashlib.md5(data).hexdigest()
    assert image["properties"]["os_hash_value"] == hashlib.sha512(data).hexdigest()
    assert image["properties"]["os_distro"] == "debian"
    assert name in names(alice.show("image", "list"))

    alice.openstack("image", "set", name, "--property", "hw_disk_bus=virtio", "--tag", "new",
                    "--min-ram", "512", "--protected")
    image = alice.show("image", "show", name)
    assert image["properties"]["hw_disk_bus"] == "virtio"
    assert (image["min_ram"], sorted(image["tags"])) == (512, ["golden", "new"])
    with pytest.raises(Refused, match="403"):
        alice.openstack("image", "delete", name)

    alice.openstack("image", "unset", name, "--property", "hw_disk_bus", "--tag", "golden")
    alice.openstack("image", "set", name, "--unprotected", "--name", f"{name}-2")
    image = alice.show("image", "show", f"{name}-2")
    assert "hw_disk_bus" not in image["properties"]
    assert image["tags"] == ["new"]

    alice.openstack("image", "save", "--file", tmp_path / "saved", image["id"])
    assert (tmp_path / "saved").read_bytes() == data
    alice.openstack("image", "delete", image["id"])
    with pytest.raises(Refused, match="(?i)no image found|not find|404"):
        alice.openstack("image", "show", image["id"])


def test_share_accept_read_withdraw(cloud, qcow2, name, tmp_path):
    alice, bob, carol = (cloud.person(who) for who in ("alice", "bob", "carol"))
    image = create(alice, name, qcow2)["id"]
    assert name not in names(bob.show("image", "list"))

    member = alice.show("image", "add", "project", image, bob.project_id)
    assert (member["member_id"], member["status"]) == (bob.project_id, "pending")
    assert alice.show("image", "show", image)["visibility"] == "shared"
    pending = ("image", "list", "--shared", "--member-status", "pending")
    assert name in names(bob.show(*pending))
    assert name not in names(bob.show("image", "list"))
    # The client takes the 403 for data and finds that it is not the image's.
    with pytest.raises(Refused, match="checksum mismatch"):
        bob.openstack("image", "save", "--file", tmp_path / "early", image)
    assert b"SHARE_NOT_ACCEPTED" in (tmp_path / "early").read_bytes()

    bob.openstack("image", "set", "--accept", image)
    assert name in names(bob.show("image", "list"))
    assert name not in names(bob.show(*pending))
    assert alice.show("image", "member", "list", image) == [
        {"Image ID": image, "Member ID": bob.project_id, "Status": "accepted"}]
    bob.openstack("image", "save", "--file", tmp_path / "saved", image)
    assert (tmp_path / "saved").read_bytes() == qcow2.read_bytes()

    for stranger in (carol,):
        with pytest.raises(Refused, match="(?i)no image found|not find|404"):
            stranger.openstack("image", "show", image)
    alice.openstack("image", "remove", "project", image, bob.project_id)
    with pytest.raises(Refused, match="(?i)no image found|not find|404"):
        bob.openstack("image", "show", image)
    assert name not in names(bob.show("image", "list"))
    assert alice.show("image", "show", image)["visibility"] == "private"


def test_reject_and_come_back(cloud, qcow2, name):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    image = create(alice, name, qcow2)["id"]
    alice.show("image", "add", "project", image, bob.project_id)
    bob.openstack("image", "set", "--reject", image)
    rejected = ("image", "list", "--shared", "--member-status", "rejected")
    assert name in names(bob.show(*rejected))
    bob.openstack("image", "set", "--accept", image)
    assert name in names(bob.show("image", "list"))


def test_a_reader_sees_but_does_not_answer(cloud, qcow2, name):
    alice, rita = cloud.person("alice"), cloud.person("rita")
    image = create(alice, name, qcow2)["id"]
    alice.show("image", "add", "project", image, rita.project_id)
    assert name in names(rita.show("image", "list", "--shared", "--member-status", "pending"))
    with pytest.raises(Refused, match="403"):
        rita.openstack("image", "set", "--accept", image)


def test_an_unknown_recipient_is_refused(cloud, qcow2, name):
    alice = cloud.person("alice")
    image = create(alice, name, qcow2)["id"]
    with pytest.raises(Refused):
        alice.openstack("image", "add", "project", image, "0" * 32)
    assert alice.show("image", "show", image)["visibility"] == "private"


def test_a_wrong_format_is_refused_and_nothing_kept(cloud, name, tmp_path):
    alice = cloud.person("alice")
    text = tmp_path / "not-a-disk"
    text.write_bytes(b"certainly no qcow2" * 1000)
    with pytest.raises(Refused, match="40[0-9]|415"):
        create(alice, name, text)
    assert "active" not in {row["Status"] for row in alice.show("image", "list", "--name", name)}


def test_glance_shares_what_is_shared_only(glance, qcow2, name):
    alice, bob = glance.person("alice"), glance.person("bob")
    image = create(alice, name, qcow2)
    assert image["visibility"] == "shared"
    alice.openstack("image", "set", "--private", image["id"])
    with pytest.raises(Refused, match="403"):
        alice.openstack("image", "add", "project", image["id"], bob.project_id)


def test_glance_reads_before_accepting(glance, qcow2, name, tmp_path):
    alice, bob = glance.person("alice"), glance.person("bob")
    image = create(alice, name, qcow2)["id"]
    alice.show("image", "add", "project", image, bob.project_id)
    bob.openstack("image", "save", "--file", tmp_path / "saved", image)
    assert (tmp_path / "saved").read_bytes() == qcow2.read_bytes()
    assert name not in names(bob.show("image", "list"))
