"""Drives Huawei's dialect with the library of its European twin, `otcextensions`.

It changes openstacksdk for the whole process, hence a program of its own. The person comes from OS_…,
the server from SERVER; each word of the arguments is a call, answered by a line of JSON.
"""

import json
import os
import sys

import openstack
from otcextensions import sdk


def connect():
    server = os.environ["SERVER"]
    connection = openstack.connect(
        region_name="r1", identity_api_version="3", load_envvars=True,
        imsv1_endpoint_override=f"{server}/v1", imsv2_endpoint_override=f"{server}/v2",
        cbr_endpoint_override=f"{server}/v3/%(project_id)s")
    sdk.load(connection)
    return connection


def images(connection, query):
    return [{"id": one.id, "status": one.status, "imagetype": one.imagetype,
             "platform": one.platform, "size": one.image_size, "protected": one.protected}
            for one in connection.imsv2.images(**json.loads(query))]


def vault(connection, name):
    billing = {"object_type": "server", "protect_type": "backup", "size": 10,
               "consistent_level": "crash_consistent"}
    made = connection.cbr.create_vault(name=name, billing=billing, resources=[])
    seen = connection.cbr.get_vault(made.id)
    changed = connection.cbr.update_vault(made.id, name=f"{name}-2")
    return {"id": made.id, "size": seen.billing.size, "status": seen.billing.status,
            "name": changed.name, "listed": [one.id for one in connection.cbr.vaults(limit=100)]}


def drop_vault(connection, vault_id):
    connection.cbr.delete_vault(vault_id, ignore_missing=False)
    return [one.id for one in connection.cbr.vaults(limit=100)]


def backups(connection, vault_id):
    return [{"id": one.id, "vault": one.vault_id, "status": one.status}
            for one in connection.cbr.backups(vault_id=vault_id)]


def job(connection, job_id):
    seen = connection.imsv1.get_async_job(job_id)
    return {"status": seen.status, "type": seen.job_type, "image": seen.entities.image_id}


if __name__ == "__main__":
    calls = {call.__name__: call for call in (images, vault, drop_vault, backups, job)}
    print(json.dumps(calls[sys.argv[1]](connect(), *sys.argv[2:])))
