"""The official Kubernetes client, as far as the driver needs it: plain data in and out, and one kind of error.

The client is an extra (`pip install 'buildledger[kubernetes]'`) and takes a second to import, so it is imported when a
worker is first started by it.
"""

from __future__ import annotations

from typing import Any

from buildledger.elastic.driver import StartError

CALL_SECONDS = (5.0, 30.0)
"""To connect, and for the answer."""


class ClusterError(Exception):
    """The API server has refused, or can't be reached: then `status` is 0."""

    def __init__(self, status: int, text: str, body: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.body = body


class Cluster:
    """One API server. All methods block, and raise ClusterError."""

    def __init__(self, client: Any, api: Any) -> None:
        """`client` is the module, `api` an `ApiClient` of it."""
        self._errors = client.exceptions.ApiException
        self._api = api
        self._core = client.CoreV1Api(api)
        self._batch = client.BatchV1Api(api)

    def create_secret(self, namespace: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make a Secret."""
        return self._call(self._core.create_namespaced_secret, namespace, body)

    def patch_secret(self, namespace: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change a Secret."""
        return self._call(self._core.patch_namespaced_secret, name, namespace, body)

    def delete_secret(self, namespace: str, name: str) -> None:
        """Remove a Secret."""
        self._call(self._core.delete_namespaced_secret, name, namespace)

    def create_job(self, namespace: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make a Job."""
        return self._call(self._batch.create_namespaced_job, namespace, body)

    def read_job(self, namespace: str, name: str) -> dict[str, Any]:
        """A Job as it is."""
        return self._call(self._batch.read_namespaced_job, name, namespace)

    def delete_job(self, namespace: str, name: str) -> None:
        """Remove a Job, and its pods after it."""
        self._call(self._batch.delete_namespaced_job, name, namespace, propagation_policy="Background")

    def list_pods(self, namespace: str, selector: str) -> list[dict[str, Any]]:
        """The pods with these labels."""
        found: list[dict[str, Any]] = self._call(
            self._core.list_namespaced_pod, namespace, label_selector=selector
        ).get("items", [])
        return found

    def kill_pod(self, namespace: str, name: str) -> None:
        """Remove a pod without giving it time."""
        self._call(self._core.delete_namespaced_pod, name, namespace, grace_period_seconds=0)

    def _call(self, method: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Call the API, and give the answer as the JSON that it is."""
        try:
            answer = method(*arguments, **options, _request_timeout=CALL_SECONDS)
            plain: dict[str, Any] = self._api.sanitize_for_serialization(answer)
        except self._errors as error:
            raise ClusterError(error.status or 0, f"{error.status} {error.reason}", error.body or "") from error
        except Exception as error:
            # the client lets through whatever urllib3, ssl and plug-ins for signing in may raise
            raise ClusterError(0, f"{type(error).__name__}: {error}") from error
        return plain


def connect(kubeconfig: str | None, context: str | None) -> Cluster:
    """The cluster that a kubeconfig names, or the one that this process runs in. Blocks.

    Raises:
        StartError
    """
    try:
        from kubernetes import client, config
    except ImportError:
        raise StartError("the Kubernetes client isn't installed: pip install 'buildledger[kubernetes]'") from None
    try:
        if kubeconfig is None and context is None:
            try:
                settings = client.Configuration()
                config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
                return Cluster(client, client.ApiClient(settings))
            except config.ConfigException:
                pass
        api = config.new_client_from_config(config_file=kubeconfig, context=context)  # type: ignore[no-untyped-call]
        return Cluster(client, api)
    except (config.ConfigException, OSError, ValueError, TypeError) as error:
        raise StartError(f"the kubeconfig can't be used: {error}") from error
