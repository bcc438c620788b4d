"""Renders the Kubernetes manifests, checks them against its schemas and our rules, and reads the Dockerfiles."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from runcast_api.documentation.calls import CALLS
from runcast_api.settings import ApiSettings
from runcast_gateway.__main__ import SHUTDOWN_S
from runcast_gateway.sessions.presence import LEAVE_S
from runcast_gateway.settings import GatewaySettings
from runcast_runner.executors.process import output as process_output
from runcast_runner.runner import HAND_BACK_S
from runcast_runner.settings import RunnerSettings

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
SETTINGS = {"api": ApiSettings, "gateway": GatewaySettings, "runner": RunnerSettings}
UID = 10001
KUBERNETES_VERSIONS = ("1.30", kubernetes_validate.latest_version())
WORKLOADS = {"Deployment", "StatefulSet"}
BOUNDS = {
    "shed_bytes",
    "cut_bytes",
    "max_sockets_per_organization",
    "max_sockets_per_user",
    "max_message_bytes",
    "max_messages_per_s",
    "handshake_s",
    "max_watched",
    "drain_s",
}
PAGES = {
    "/",
    "/assets/index-B1a2C3d4.js",
    "/login",
    "/signup",
    "/invitation",
    "/password-reset",
    "/executions",
    "/executions/new",
    "/executions/t1/compare",
    "/images",
    "/images/alpine",
    "/people",
    "/settings/keys",
}
DOCKER_VARIABLES = {"DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"}

Document = dict[str, Any]
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


def render(folder: str) -> list[Document]:
    command = ["kubectl", "kustomize", str(ROOT / "deploy/k8s" / folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return list(yaml.safe_load_all(done.stdout))


@pytest.fixture(scope="module", params=["base", "overlays/dev"])
def manifests(request: pytest.FixtureRequest) -> list[Document]:
    return render(request.param)


@pytest.fixture(scope="module")
def base() -> list[Document]:
    return render("base")


@pytest.fixture(scope="module")
def dev() -> list[Document]:
    return render("overlays/dev")


def workloads(documents: list[Document]) -> list[Document]:
    return [document for document in documents if document["kind"] in WORKLOADS]


def of_kind(documents: list[Document], kind: str) -> dict[str, Document]:
    return {d["metadata"]["name"]: d for d in documents if d["kind"] == kind}


def pod_of(workload: Document) -> Document:
    pod: Document = workload["spec"]["template"]["spec"]
    return pod


def container_of(workload: Document) -> Document:
    (container,) = pod_of(workload)["containers"]
    return dict(container)


def environment_of(documents: list[Document], service: str) -> set[str]:
    container = container_of(of_kind(documents, "Deployment")[f"runcast-{service}"])
    maps = of_kind(documents, "ConfigMap")
    from_maps = {name for source in container["envFrom"] for name in maps[source["configMapRef"]["name"]]["data"]}
    return from_maps | {variable["name"] for variable in container["env"]}


@needs_kubectl
def test_every_document_is_valid_kubernetes(manifests: list[Document]) -> None:
    """Every rendered document passes the strict schemas of the oldest version promised and of the newest known."""
    for document in manifests:
        for version in KUBERNETES_VERSIONS:
            kubernetes_validate.validate(document, version, strict=True)


@needs_kubectl
def test_a_misspelt_field_is_found(base: list[Document]) -> None:
    """The strict schemas refuse a field that Kubernetes does not know."""
    broken = {**workloads(base)[0], "sepc": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES_VERSIONS[0], strict=True)


@needs_kubectl
def test_the_base_holds_three_services_and_no_secret(base: list[Document]) -> None:
    """Three Deployments with a ServiceAccount each, two Services, and only references to secrets."""
    everyone = {f"runcast-{service}" for service in SETTINGS}
    assert set(of_kind(base, "Deployment")) == set(of_kind(base, "ServiceAccount")) == everyone
    assert set(of_kind(base, "Service")) == {"runcast-api", "runcast-gateway"}
    assert of_kind(base, "Secret") == {}


@needs_kubectl
def test_nothing_runs_with_privileges(manifests: list[Document]) -> None:
    """Every pod runs as a user other than root, on a read-only file system, without capabilities or a token."""
    for workload in workloads(manifests):
        pod, container = pod_of(workload), container_of(workload)
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] > 0
        assert security["runAsGroup"] > 0
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}
    for account in of_kind(manifests, "ServiceAccount").values():
        assert account["automountServiceAccountToken"] is False


@needs_kubectl
def test_everything_is_probed_and_bounded(manifests: list[Document]) -> None:
    """Every container has probes on a port that it names, requests, and a bound on memory."""
    for workload in workloads(manifests):
        container = container_of(workload)
        ports = {port["name"] for port in container["ports"]}
        for probe in ("livenessProbe", "readinessProbe"):
            action = container[probe].get("httpGet") or container[probe].get("tcpSocket")
            assert action is None or action["port"] in ports
            assert action or container[probe]["exec"]["command"]
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert container["resources"]["limits"]["memory"]


@needs_kubectl
@pytest.mark.parametrize("service", SETTINGS)
def test_our_services_are_probed_over_http(manifests: list[Document], service: str) -> None:
    """Alive is /livez, ready is /readyz, and readiness may take as long as the service looks at its backends."""
    container = container_of(of_kind(manifests, "Deployment")[f"runcast-{service}"])
    paths = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert paths == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    assert container["readinessProbe"]["timeoutSeconds"] >= 5
    assert container["ports"] == [{"name": "http", "containerPort": 3000}]


@needs_kubectl
@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_gets_the_variables_that_it_reads(manifests: list[Document], service: str) -> None:
    """Each variable is one of the service's settings, so that none is misspelt or handed to whom it is no use."""
    known = {info.alias for info in SETTINGS[service].model_fields.values()}
    known |= DOCKER_VARIABLES if service == "runner" else set()
    given = environment_of(manifests, service)
    assert given - known == set()
    assert {"REDIS_URL", "RUNCAST_PORT"} <= given


@needs_kubectl
def test_secrets_reach_only_who_needs_them(manifests: list[Document]) -> None:
    """The gateway has no store nor key to it, the runner none that signs tokens, only the api the callbacks' token."""
    given = {service: environment_of(manifests, service) for service in SETTINGS}
    assert {s for s in given if "MONGODB_URL" in given[s]} == {"api", "runner"}
    assert {s for s in given if "JWT_SECRET" in given[s]} == {"api", "gateway"}
    assert {s for s in given if "RUNCAST_CALLBACK_TOKEN" in given[s]} == {"api"}
    assert {s for s in given if "RUNCAST_SECRETS_KEY" in given[s]} == {"api", "runner"}


@needs_kubectl
@pytest.mark.parametrize("service", ["api", "runner"])
def test_an_installation_without_a_secrets_key_starts(base: list[Document], service: str) -> None:
    """Its pods need no such key in the secret."""
    variables = container_of(of_kind(base, "Deployment")[f"runcast-{service}"])["env"]
    (key,) = (each for each in variables if each["name"] == "RUNCAST_SECRETS_KEY")
    assert key["valueFrom"]["secretKeyRef"]["optional"] is True


@needs_kubectl
def test_no_service_links_shadow_settings(manifests: list[Document]) -> None:
    """Kubernetes adds no variables of its own: a Service named runcast would set RUNCAST_PORT to a URL."""
    assert all(pod_of(workload)["enableServiceLinks"] is False for workload in workloads(manifests))


@needs_kubectl
def test_services_select_pods_that_exist(manifests: list[Document]) -> None:
    """Each Service selects exactly one workload, and sends to a port that its pods name."""
    for service in of_kind(manifests, "Service").values():
        selector = service["spec"]["selector"].items()
        selected = [w for w in workloads(manifests) if selector <= w["spec"]["template"]["metadata"]["labels"].items()]
        assert len(selected) == 1
        ports = {port["name"] for port in container_of(selected[0])["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


def _backend(documents: list[Document], path: str) -> str | None:
    """Return the Service that the Ingresses send a path to, by the longest match."""
    rules = [rule for ingress in of_kind(documents, "Ingress").values() for rule in ingress["spec"]["rules"]]
    matches = []
    for entry in (entry for rule in rules for entry in rule["http"]["paths"]):
        below = entry["pathType"] == "Prefix" and path.startswith(entry["path"].rstrip("/") + "/")
        if path == entry["path"] or below:
            matches.append((len(entry["path"]), entry["backend"]["service"]["name"]))
    return max(matches)[1] if matches else None


@needs_kubectl
def test_paths_are_routed(manifests: list[Document]) -> None:
    """Socket.IO goes to the gateway, every call and the page to the api, and probes and metrics stay inside."""
    assert _backend(manifests, "/socket.io/") == "runcast-gateway"
    calls = {*(call.path for call in CALLS), "/openapi.json", "/docs"}
    assert {_backend(manifests, path) for path in calls | PAGES} == {"runcast-api"}
    assert {_backend(manifests, path) for path in ("/metrics", "/livez", "/readyz")} == {None}


@needs_kubectl
def test_polling_has_affinity(manifests: list[Document]) -> None:
    """The gateway's Ingress, and only that, asks for a cookie, as a polling session must stay on one gateway."""
    affine = {
        name
        for name, ingress in of_kind(manifests, "Ingress").items()
        if ingress["metadata"].get("annotations", {}).get("nginx.ingress.kubernetes.io/affinity") == "cookie"
    }
    assert affine == {"runcast-gateway"}


@needs_kubectl
def test_images_carry_the_projects_version(base: list[Document]) -> None:
    """What is deployed is the version that this tree builds, under the user that its image names."""
    for service in SETTINGS:
        deployment = of_kind(base, "Deployment")[f"runcast-{service}"]
        assert container_of(deployment)["image"] == f"runcast-{service}:{VERSION}"
        assert pod_of(deployment)["securityContext"]["runAsUser"] == UID


@needs_kubectl
def test_a_runner_has_time_to_drain(base: list[Document]) -> None:
    """The pod's grace is longer than the runner's drain, what its jobs get then, and the hand-back."""
    drain = int(next(m for n, m in of_kind(base, "ConfigMap").items() if "-runner" in n)["data"]["RUNCAST_DRAIN"])
    stop = RunnerSettings.from_mapping({}).kill_grace_s + process_output._GRACE_S
    grace = pod_of(of_kind(base, "Deployment")["runcast-runner"])["terminationGracePeriodSeconds"]
    assert grace >= drain + stop + HAND_BACK_S


@needs_kubectl
def test_a_runner_has_room_for_its_spill(base: list[Document]) -> None:
    """A volume of its own where it puts it, with room for all of it: a pod that fills one is evicted."""
    deployment = of_kind(base, "Deployment")["runcast-runner"]
    settings = RunnerSettings.from_mapping({})
    [name] = [m["name"] for m in container_of(deployment)["volumeMounts"] if m["mountPath"] == settings.spill_dir]
    [limit] = [v["emptyDir"]["sizeLimit"] for v in pod_of(deployment)["volumes"] if v["name"] == name]
    assert int(limit.removesuffix("Mi")) * 2**20 > settings.spill_mb * 1_000_000


@needs_kubectl
def test_a_gateway_has_time_to_drain(base: list[Document]) -> None:
    """The pod's grace is longer than the pause before it is told, its window, and what the last answers may take. It is
    asked often enough, and one answer that it is not ready is enough, for nobody to be sent to it meanwhile."""
    pod = pod_of(of_kind(base, "Deployment")["runcast-gateway"])
    container = container_of(of_kind(base, "Deployment")["runcast-gateway"])
    settings = next(m for n, m in of_kind(base, "ConfigMap").items() if "-gateway" in n)["data"]
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    taken = pause + int(settings["RUNCAST_DRAIN_WINDOW"]) + SHUTDOWN_S + LEAVE_S
    assert pod["terminationGracePeriodSeconds"] >= taken + 10
    probe = container["readinessProbe"]
    assert probe["failureThreshold"] * probe["periodSeconds"] <= int(settings["RUNCAST_DRAIN_WINDOW"]) / 2


def test_what_a_gateway_can_be_set_to_is_documented() -> None:
    """Each of its bounds is named where it is deployed."""
    text = (ROOT / "deploy/k8s/README.md").read_text()
    assert {info.alias for name, info in GatewaySettings.model_fields.items() if name in BOUNDS} <= set(
        re.findall(r"RUNCAST_\w+", text.replace("`…_PER_USER`", "`RUNCAST_MAX_SOCKETS_PER_USER`"))
    )


@needs_kubectl
def test_development_brings_one_redis_and_one_mongodb(dev: list[Document]) -> None:
    """The overlay's Redis evicts journals instead of refusing to publish, and both are where the secret says."""
    redis = container_of(of_kind(dev, "Deployment")["redis"])
    assert redis["args"][redis["args"].index("--maxmemory-policy") + 1] == "volatile-ttl"
    assert list(of_kind(dev, "StatefulSet")) == ["mongodb"]
    assert {"redis", "mongodb"} <= set(of_kind(dev, "Service"))
    assert all(workload["spec"]["replicas"] == 1 for workload in workloads(dev))
    secrets = of_kind(dev, "Secret")
    assert [name.rpartition("-")[0] for name in secrets] == ["runcast-backends"]


def instructions(service: str) -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions with their arguments, continuation lines joined."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / service / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def stages(service: str) -> list[list[tuple[str, str]]]:
    parts: list[list[tuple[str, str]]] = []
    for word, rest in instructions(service):
        if word == "FROM":
            parts.append([])
        parts[-1].append((word, rest))
    return parts


@pytest.mark.parametrize("service", SETTINGS)
def test_an_image_is_built_in_stages_and_runs_without_root(service: str) -> None:
    """The image is what the last stage holds: Python, one virtual environment, a numeric user, the service."""
    *_, build, final = stages(service)
    assert build[0] == ("FROM", "python:3.11-slim AS build")
    assert final[0] == ("FROM", "python:3.11-slim")
    arguments = dict(final)
    assert arguments["COPY"].startswith("--from=build ")
    assert arguments["USER"] == f"{UID}:{UID}"
    assert arguments["HEALTHCHECK"] == "NONE"
    assert arguments["ENTRYPOINT"] == f'["python", "-m", "runcast_{service}"]'
    assert "RUN" not in arguments


@pytest.mark.parametrize("service", SETTINGS)
def test_an_image_installs_only_its_own_extra(service: str) -> None:
    """The locked requirements of the service with their hashes, then the wheel without dependencies."""
    text = "\n".join(" ".join(instruction) for instruction in instructions(service))
    assert set(re.findall(r"requirements/(\w+)\.txt", text)) == {service}
    assert f"--require-hashes -r requirements/{service}.txt" in text
    installs = re.findall(r"install [^&\n]*", text)
    assert len(installs) == 2
    assert "--no-deps /wheels/runcast-*.whl" in installs[1]


@pytest.mark.parametrize("service", SETTINGS)
def test_what_an_image_copies_is_in_the_context(service: str) -> None:
    """Every source that is copied exists and is let through by .dockerignore, which lets nothing through by default."""
    ignore = (ROOT / ".dockerignore").read_text().split("\n")
    assert "*" in ignore
    *_, build, _ = stages(service)
    copied = [rest.split()[:-1] for word, rest in build if word == "COPY" and not rest.startswith("--from")]
    for source in [source for sources in copied for source in sources]:
        assert (ROOT / source).exists()
        assert f"!{re.sub(r'requirements/.*', 'requirements/*.txt', source)}" in ignore


def test_the_page_is_built_into_the_apis_image_alone() -> None:
    """From the lock file, where npm is; never what was built on the machine that builds the image."""
    page, build, _ = stages("api")
    assert page[0][1].startswith("node:")
    assert ("COPY", "dashboard ./") in page
    assert dict(page)["RUN"].startswith("npm ci ")
    assert dict(page)["RUN"].endswith("npm run build")
    static = "api/runcast_api/static"
    copied = ("COPY", f"--from=page /build/{static} {static}")
    assert build.index(("COPY", "api api")) < build.index(copied) < [word for word, _ in build].index("RUN", -2)
    ignore = (ROOT / ".dockerignore").read_text().split("\n")
    assert ignore.index("!api") < ignore.index(static)
    assert ignore.index("!dashboard") < ignore.index("**/node_modules")
    assert all(len(stages(service)) == 2 for service in ("gateway", "runner"))
