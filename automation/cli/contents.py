"""`digest` and `manifest`: what the playbooks folder holds, to be pinned in the policy or signed."""

import argparse
import sys

from automation.config import load_paths
from automation.policy.contents import read_contents
from automation.policy.signature import write_manifest


def digest(_arguments: argparse.Namespace) -> int:
    """Print the digest of the playbooks folder, for `digest` in the policy."""
    playbooks, policy = load_paths()
    sys.stdout.write(read_contents(playbooks, policy).digest + "\n")
    return 0


def manifest(_arguments: argparse.Namespace) -> int:
    """Print the manifest of the playbooks folder and the policy, to be signed."""
    playbooks, policy = load_paths()
    sys.stdout.write(write_manifest(read_contents(playbooks, policy), policy))
    return 0
