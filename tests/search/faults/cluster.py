"""A Ray cluster of several nodes on this machine, in a process of its own; obeys lines on its standard input.

    python cluster.py NODES CPUS [GPUS]

GPUs are declared, not there. It prints the address, then a line for each command: `kill node`, `kill head`, `add node`.
The end of the input ends it.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

from ray.cluster_utils import Cluster

HERE = {"node_ip_address": "127.0.0.1", "include_dashboard": False}


def main(nodes: int, cpus: int, gpus: int = 0) -> None:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **HERE})
    for _ in range(nodes):
        cluster.add_node(num_cpus=cpus, num_gpus=gpus, node_ip_address="127.0.0.1")
    print(cluster.address, flush=True)
    for line in sys.stdin:
        if line.strip() == "kill node":
            cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        elif line.strip() == "kill head":
            cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False)
        elif line.strip() == "add node":
            cluster.add_node(num_cpus=cpus, node_ip_address="127.0.0.1")
        print("done", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
