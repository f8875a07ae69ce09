"""Lists through python-glanceclient, which is what Nova, Cinder and Horizon use."""

import io

import pytest
from glanceclient import Client, exc


def client(person):
    return Client("2", session=person.connection.session, region_name="r1")


@pytest.fixture
def seven(cloud, name):
    """Seven images of alice with sizes 1 to 7 KiB and a tag of this test."""
    glance = client(cloud.person("alice"))
    tag = f"t-{name}"[:255]
    made = []
    for number in range(1, 8):
        image = glance.images.create(
            name=f"{name}-{8 - number}", disk_format="raw" if number % 2 else "iso",
            container_format="bare", tags=[tag], batch=name)
        if number % 2:
            glance.images.upload(image.id, io.BytesIO(b"\0" * 1024 * number))
        made.append(image.id)
    return glance, tag, made


def ids(images):
    return [image["id"] for image in images]


def test_pages_hold_everything_once_newest_first(seven):
    glance, tag, made = seven
    listed = ids(glance.images.list(page_size=2, filters={"tag": [tag]}))
    assert listed == made[::-1]
    assert len(ids(glance.images.list(limit=3, page_size=2, filters={"tag": [tag]}))) == 3


def test_sorting(seven):
    glance, tag, made = seven
    by = lambda *keys: ids(glance.images.list(page_size=3, filters={"tag": [tag]}, sort=",".join(keys)))
    assert by("name:asc") == made[::-1]
    assert by("name:desc") == made
    assert by("disk_format:asc", "created_at:asc") == made[1::2] + made[0::2]
    with pytest.raises(exc.HTTPBadRequest):
        glance.http_client.get("/v2/images?sort_key=owner")


def test_filters(seven, name):
    glance, tag, made = seven
    found = lambda **filters: ids(glance.images.list(filters={"tag": [tag], **filters}))
    assert found(status="queued") == made[1::2][::-1]
    assert found(disk_format="in:raw,qcow2") == made[0::2][::-1]
    assert found(size_min=3000, size_max=5200) == [made[4], made[2]]
    assert found(name=f"{name}-7") == made[:1]
    assert found(batch=name) == made[::-1]
    assert found(batch="other") == []
    assert found(tag=[tag, "absent"]) == []
    created = glance.images.get(made[0])["created_at"]
    assert set(found(created_at=f"gte:{created}")) == set(made)
    assert found(created_at=f"lt:{created}") == []


def test_hidden_images_are_asked_for(seven):
    glance, tag, made = seven
    glance.images.update(made[0], os_hidden=True)
    assert made[0] not in ids(glance.images.list(filters={"tag": [tag]}))
    assert ids(glance.images.list(filters={"tag": [tag], "os_hidden": True})) == [made[0]]


def test_community_images_are_used_by_all_and_listed_when_asked(cloud, name):
    image = client(cloud.person("alice")).images.create(name=name, visibility="community")
    carol = client(cloud.person("carol"))
    assert carol.images.get(image.id)["name"] == name
    assert image.id not in ids(carol.images.list())
    assert image.id in ids(carol.images.list(filters={"visibility": "community"}))


def test_only_the_operator_publishes(cloud, name):
    alice, operator = client(cloud.person("alice")), client(cloud.person("operator"))
    image = alice.images.create(name=name)
    with pytest.raises(exc.HTTPForbidden):
        alice.images.update(image.id, visibility="public")
    operator.images.update(image.id, visibility="public")
    assert image.id in ids(client(cloud.person("carol")).images.list())


def test_ranges_and_verified_download(cloud, seven):
    glance, _, made = seven
    # glanceclient percent-encodes header values, so a range goes through openstacksdk's session.
    images = cloud.person("alice").connection.image
    data = b"".join(glance.images.data(made[6]))
    assert data == b"\0" * 7 * 1024
    headers = {"Range": "bytes=1000-1999"}
    answer = images.get(f"/images/{made[6]}/file", headers=headers)
    assert (answer.status_code, len(answer.content)) == (206, 1000)
    assert answer.headers["Content-Range"] == f"bytes 1000-1999/{7 * 1024}"
    beyond = images.get(f"/images/{made[6]}/file", headers={"Range": "bytes=99999-"})
    assert beyond.status_code == 416


def test_members_through_glanceclient(cloud, name):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    image = client(alice).images.create(name=name, disk_format="raw", container_format="bare")
    with pytest.raises(exc.HTTPConflict):  # not active yet
        client(alice).image_members.create(image.id, bob.project_id)
    client(alice).images.upload(image.id, io.BytesIO(b"\0" * 1024))
    client(alice).image_members.create(image.id, bob.project_id)
    client(bob).image_members.update(image.id, bob.project_id, "accepted")
    assert image.id in ids(client(bob).images.list(filters={"visibility": "shared"}))
    client(alice).image_members.delete(image.id, bob.project_id)
    with pytest.raises(exc.HTTPNotFound):
        client(bob).images.get(image.id)


def test_schemas(cloud):
    glance = client(cloud.person("alice"))
    for schema in ("image", "images", "member", "members"):
        assert glance.schemas.get(schema).name == schema
