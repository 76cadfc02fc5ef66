"""The Kubernetes example: valid for the API, and true to what a guard needs."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest
import yaml

from tasks import config
from tests.deployment.command_lines import read_command_line
from tests.deployment.manifests import Pod, documents, kustomization, pod, pods, settings
from tests.deployment.places import CHECKOUT, COMPOSE, DOCKER, KUBERNETES
from tests.deployment.settings_names import unknown

SCHEMAS = json.loads((CHECKOUT / "tests/support/vendor/kubernetes-1.37.json").read_text())
WORKERS = ("worker", "worker-maintenance")
POOL_ENDS_WITHIN = 15
"""Seconds from the end of its last job to the end of a worker."""
IN_COMPOSE = {"worker": "worker-1"}
each_pod = pytest.mark.parametrize("one", pods(), ids=lambda one: one.name)
each_lasting_pod = pytest.mark.parametrize(
    "one", [one for one in pods() if one.kind == "Deployment"], ids=lambda one: one.name
)


def _compose() -> dict:
    return yaml.safe_load(COMPOSE.read_text())["services"]


@pytest.mark.parametrize("document", documents(), ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_every_object_is_what_the_api_takes(document):
    schema = {"$ref": f"#/$defs/{SCHEMAS['kinds'][document['kind']]}", "$defs": SCHEMAS["$defs"]}
    problems = [
        f"{error.instance_path}: {error.message}"
        for error in jsonschema_rs.validator_for(schema).iter_errors(document)
    ]
    assert not problems


def test_the_schema_sees_a_misspelt_probe():
    broken = json.loads(json.dumps(pod("worker").owner))
    broken["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(AssertionError, match="livenesProbe"):
        test_every_object_is_what_the_api_takes(broken)


def test_every_file_is_in_the_kustomization():
    named = {*kustomization()["resources"], "kustomization.yaml"}
    for generator in kustomization()["configMapGenerator"]:
        named |= {*generator.get("files", ()), *generator.get("envs", ())}
    assert named == {path.name for path in KUBERNETES.iterdir()}
    assert {one["name"] for one in kustomization()["configMapGenerator"]} == {
        "guard-settings",
        "flower-settings",
    }


def test_flowers_configuration_is_that_of_compose():
    # kustomize reads no file outside of its own folder
    assert (KUBERNETES / "flowerconfig.py").read_bytes() == (DOCKER / "flowerconfig.py").read_bytes()


@each_pod
def test_the_command_line_is_one(one: Pod):
    assert read_command_line(one.container["args"])


@each_pod
def test_the_image_and_the_command_are_those_of_compose(one: Pod):
    service = _compose()[IN_COMPOSE.get(one.name, one.name)]
    assert one.container["image"] == service["image"].partition(":")[0]
    mine = [word for word in one.container["args"] if not word.startswith(("--conf", "--concurrency"))]
    theirs = [word for word in service["command"] if not word.startswith(("--conf", "--concurrency"))]
    assert mine == theirs


def test_every_setting_is_one():
    assert not unknown(set(settings()))
    assert unknown({"GUARD_TIME_ZONES"}) == {"GUARD_TIME_ZONES"}


@each_pod
def test_secrets_are_files_that_are_there(one: Pod):
    mounted = {mount["mountPath"]: mount for mount in one.container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in one.spec["volumes"]}
    own = {entry["name"]: entry["value"] for entry in one.container.get("env", ())}
    for name, value in {**settings(), **own}.items():
        if name.endswith("_FILE") and name != "GUARD_LOCAL_CLOSE_FILE":
            folder, _, key = value.rpartition("/")
            assert "secret" in volumes[mounted[folder]["name"]], name
            assert (yaml.safe_load(COMPOSE.read_text())["secrets"][key])["file"].endswith(f"/{key}")
    assert not any("PASSWORD" in name or "://" in value for name, value in {**settings(), **own}.items())


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_may_finish_its_longest_job(name):
    assert pod(name).grace >= pod(name).pre_stop + config.task_time_limit + POOL_ENDS_WITHIN


@each_lasting_pod
def test_the_grace_is_that_of_compose_and_prestop_fits_in(one: Pod):
    from one_host.durations import seconds

    theirs = seconds(_compose()[IN_COMPOSE.get(one.name, one.name)].get("stop_grace_period"), 10)
    assert one.grace >= one.pre_stop + theirs


@each_lasting_pod
def test_no_probe_depends_on_a_window_or_a_server(one: Pod):
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = one.container[name]
        if "exec" in probe:
            assert probe["exec"]["command"] == ["python", "-m", "guard.alive"]
        else:
            # 200 in a window and while every server is away, see docs/http-api.md; Flower's own
            assert probe["httpGet"]["path"] in {"/api/maintenance/status", "/healthcheck"}


@pytest.mark.parametrize("name", [*WORKERS, "beat"])
def test_liveness_waits_longer_than_a_start_and_a_pause(name):
    container = pod(name).container
    start, live = container["startupProbe"], container["livenessProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] >= 60
    assert live["periodSeconds"] * live["failureThreshold"] >= 60
    assert container["readinessProbe"]["timeoutSeconds"] >= 5


def test_a_worker_has_given_its_word_before_the_next_is_replaced():
    from guard.settings.model import Settings

    lease = Settings.unjudged({}).guard_lease_seconds
    for name in WORKERS:
        assert pod(name).owner["spec"]["minReadySeconds"] > lease
        assert pod(name).owner["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_there_is_one_beat_and_never_two():
    assert pod("beat").owner["spec"]["replicas"] == 1
    assert pod("beat").owner["spec"]["strategy"] == {"type": "Recreate"}


def test_what_there_are_several_of_survives_a_drained_node():
    budgets = {
        one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]: one["spec"]["maxUnavailable"]
        for one in documents()
        if one["kind"] == "PodDisruptionBudget"
    }
    several = {one.name for one in pods() if one.owner["spec"].get("replicas", 1) > 1}
    # a budget for a single one would keep its node from being drained for ever
    assert set(budgets) == several
    assert set(budgets.values()) == {1}


@each_pod
def test_a_pod_asks_for_nothing_that_the_restricted_level_refuses(one: Pod):
    security, container = one.spec["securityContext"], one.container["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert container["readOnlyRootFilesystem"] is True
    assert one.spec["automountServiceAccountToken"] is False
    assert "memory" in one.container["resources"]["limits"]
    user = (DOCKER / "Dockerfile").read_text().partition("\nUSER ")[2].split("\n", 1)[0]
    assert user == f"{security['runAsUser']}:{security['runAsGroup']}"


def test_selectors_find_their_pods():
    labels = {one.name: one.owner["spec"]["template"]["metadata"]["labels"] for one in pods()}
    for document in documents():
        spec = document.get("spec", {})
        selector = spec.get("podSelector") if document["kind"] == "NetworkPolicy" else spec.get("selector")
        if not isinstance(selector, dict) or "matchExpressions" in selector:
            continue
        wanted = selector.get("matchLabels", selector)
        found = [name for name, have in labels.items() if wanted.items() <= have.items()]
        assert found, document["metadata"]["name"]
        if document["kind"] == "Service":
            ports = {port["name"]: port["containerPort"] for port in pod(found[0]).container["ports"]}
            assert {port["targetPort"] for port in spec["ports"]} <= set(ports)
