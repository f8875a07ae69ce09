"""What the library of Huawei's European twin does with its dialect, with tokens."""

import json
import pathlib
import subprocess
import sys

from lendglass import clean_environment

CLIENT = pathlib.Path(__file__).resolve().parent / "clients" / "otc_client.py"


def otc(person, *words):
    env = {**clean_environment(), "SERVER": person.server.url, "OS_CLIENT_CONFIG_FILE": "/dev/null"}
    env |= {f"OS_{key.upper()}": value for key, value in person.auth().items()}
    done = subprocess.run([sys.executable, "-W", "ignore", CLIENT, *words], env=env,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_images_are_listed_by_their_attributes(cloud, name):
    alice, bob = cloud.person("alice"), cloud.person("bob")
    image = alice.image(name, os_distro="centos")
    query = {"name": name, "__platform": "CentOS", "__imagetype": "private"}
    [seen] = otc(alice, "images", json.dumps(query))
    assert (seen["id"], seen["status"], seen["size"]) == (image, "active", "4096")
    assert (seen["platform"], seen["imagetype"]) == ("CentOS", "private")
    alice.openstack("image", "add", "project", image, bob.project_id)
    shared = {"__imagetype": "shared", "visibility": "shared", "member_status": "pending"}
    assert image in [one["id"] for one in otc(bob, "images", json.dumps(shared))]
    bob.openstack("image", "set", "--accept", image)
    shared["member_status"] = "accepted"
    assert image in [one["id"] for one in otc(bob, "images", json.dumps(shared))]


def test_a_whole_image_is_made_of_a_backup_in_a_vault(cloud, name):
    alice = cloud.person("alice")
    vault = otc(alice, "vault", name)
    assert (vault["size"], vault["status"], vault["name"]) == (10, "available", f"{name}-2")
    assert vault["id"] in vault["listed"]
    disk = alice.image(name)
    made = alice.call("POST", "/api/v1/backups", {"vault": vault["id"], "disks": [disk]})
    [seen] = otc(alice, "backups", vault["id"])
    assert (seen["id"], seen["vault"], seen["status"]) == (made["id"], vault["id"], "available")
    body = {"name": f"{name}-whole", "backup_id": made["id"], "whole_image_type": "CBR"}
    begun = alice.call("POST", "/v1/cloudimages/wholeimages/action", body)
    done = otc(alice, "job", begun["job_id"])
    assert (done["status"], done["type"]) == ("SUCCESS", "imsCreateWholeImageByBackupJob")
    query = {"id": done["image"], "__whole_image": "true"}
    assert [one["id"] for one in otc(alice, "images", json.dumps(query))] == [done["image"]]
    alice.call("DELETE", f"/v2/images/{done['image']}")
    alice.call("DELETE", f"/api/v1/backups/{made['id']}")
    assert vault["id"] not in otc(alice, "drop_vault", vault["id"])
