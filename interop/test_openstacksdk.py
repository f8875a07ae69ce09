"""What openstacksdk does, and what Glance was observed to answer to it."""

import openstack
import pytest
from openstack import exceptions


def upload(person, name, data, **fields):
    return person.connection.image.create_image(
        name, data=data, disk_format="raw", container_format="bare", wait=True, **fields)


def test_create_download_find_delete(cloud, name):
    images = cloud.person("alice").connection.image
    data = bytes(range(256)) * 4096
    made = upload(cloud.person("alice"), name, data, tags=["a"], os_distro="debian")
    found = images.find_image(name, ignore_missing=False)
    assert (found.id, found.status, found.size) == (made.id, "active", len(data))
    assert found.os_distro == "debian"
    assert images.download_image(found).content == data
    images.delete_image(found.id)
    assert images.find_image(name) is None


def test_update_and_tags(cloud, name):
    images = cloud.person("alice").connection.image
    image = upload(cloud.person("alice"), name, b"\0" * 1024)
    image = images.update_image(image, min_ram=64, os_version="12")
    assert (image.min_ram, image.os_version) == (64, "12")
    images.add_tag(image, "x")
    assert images.get_image(image.id).tags == ["x"]
    images.remove_tag(image, "x")
    assert images.get_image(image.id).tags == []


def test_deactivate_and_reactivate(cloud, name):
    images = cloud.person("alice").connection.image
    image = upload(cloud.person("alice"), name, b"\0" * 1024)
    images.deactivate_image(image)
    assert images.get_image(image.id).status == "deactivated"
    # openstacksdk takes the 403 for data and finds that it is not the image's.
    with pytest.raises(exceptions.InvalidResponse, match="checksum mismatch"):
        images.download_image(image)
    images.reactivate_image(image)
    assert images.download_image(image).content == b"\0" * 1024


def test_an_application_credential_signs_in(cloud):
    alice = cloud.person("alice").connection
    user = alice.current_user_id
    made = alice.identity.create_application_credential(user=user, name="robot")
    robot = openstack.connection.Connection(
        auth_type="v3applicationcredential",
        auth={"auth_url": f"{cloud.url}/v3", "application_credential_id": made.id,
              "application_credential_secret": made.secret},
        region_name="r1")
    assert robot.current_project_id == cloud.person("alice").project_id
    list(robot.image.images(limit=1))
    alice.identity.delete_application_credential(user, made.id)


def test_a_stranger_learns_nothing(cloud, name):
    image = upload(cloud.person("alice"), name, b"\0" * 1024)
    carol = cloud.person("carol").connection.image
    bodies = []
    for target in (image.id, "00000000-0000-4000-8000-000000000000"):
        answer = carol.get(f"/images/{target}")
        bodies.append((answer.status_code, answer.text.replace(target, "ID")))
        for verb in (carol.delete, carol.patch):
            assert verb(f"/images/{target}").status_code in (400, 404, 415)
    assert bodies[0] == bodies[1]
    assert bodies[0][0] == 404


def member(person, verb, image, suffix="", **body):
    call = getattr(person.connection.image, verb)
    return call(f"/images/{image}/members{suffix}", **({"json": body} if body else {}))


def test_glance_members_as_observed(glance, name):
    """The table of observed answers: unknown ids are kept, twice is 409, an owner cannot answer."""
    alice, bob = glance.person("alice"), glance.person("bob")
    operator = glance.person("operator")
    image = upload(alice, name, b"\0" * 1024).id
    assert member(alice, "post", image, member="no-such-project").status_code == 200
    assert member(alice, "post", image, member=bob.project_id).status_code == 200
    assert member(alice, "post", image, member=bob.project_id).status_code == 409
    own = f"/{bob.project_id}"
    assert member(alice, "put", image, own, status="accepted").status_code == 403
    assert member(operator, "put", image, own, status="accepted").status_code == 200
    assert member(bob, "put", image, own, status="perhaps").status_code == 400
    assert member(bob, "put", image, own, status="rejected", more=1).status_code == 200
    assert bob.connection.image.get(f"/images/{image}/file").status_code == 200
    assert member(alice, "post", image, member=bob.project_id).status_code == 409
    assert member(bob, "delete", image, own).status_code == 403
    assert member(bob, "post", image, member="somebody").status_code == 403
    rows = member(bob, "get", image).json()["members"]
    assert [row["member_id"] for row in rows] == [bob.project_id]
    assert member(alice, "delete", image, own).status_code == 204
    assert bob.connection.image.get(f"/images/{image}").status_code == 404


def test_glance_private_hides_members_until_shared_again(glance, name):
    alice, bob = glance.person("alice"), glance.person("bob")
    image = upload(alice, name, b"\0" * 1024)
    member(alice, "post", image.id, member=bob.project_id)
    member(bob, "put", image.id, f"/{bob.project_id}", status="accepted")
    alice.connection.image.update_image(image.id, visibility="private")
    assert bob.connection.image.get(f"/images/{image.id}").status_code == 404
    assert member(alice, "get", image.id).status_code == 403
    alice.connection.image.update_image(image.id, visibility="shared")
    assert [row["status"] for row in member(alice, "get", image.id).json()["members"]] == ["accepted"]


def test_glance_has_128_members_at_most(glance, name):
    alice = glance.person("alice")
    image = upload(alice, name, b"\0" * 1024).id
    for number in range(128):
        assert member(alice, "post", image, member=f"project-{number}").status_code == 200
    assert member(alice, "post", image, member="one-too-many").status_code == 413
    assert len(member(alice, "get", image).json()["members"]) == 128
