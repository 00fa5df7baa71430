"""The driver `kubernetes` against a recorded API server.

WHAT IS REAL HERE: the official client, its HTTP, and every answer in `exchanges/`, which a kube-apiserver gave to the
driver while `record.py` ran, with a kube-controller-manager beside it that made the pods, judged the Jobs and collected
garbage. WHAT IS NOT: there was no scheduler, no kubelet and no container. What these say of a pod (that it can't be
scheduled, that its image can't be pulled, how its container ended) `record.py` wrote into the pod's status by hand, in
the words of the API's reference. No worker has ever run in these tests; that needs a cluster.
"""
