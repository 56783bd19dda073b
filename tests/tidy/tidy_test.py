#!/usr/bin/env python3
"""House rules that a compiler does not check, as a test.

tidy_test.py --build DIR   checks the repository and what was built in DIR
tidy_test.py --text        checks the repository's text only
tidy_test.py --canaries    feeds every rule a bad sample that it must report
"""

import argparse
import os
import sys
import time

import build_rules
import canaries
import rules
import source_tree


def check(root, build):
    """Runs every rule, prints what each found, and gives the number of problems."""
    tree = source_tree.load(root)
    tree.root = root
    checks = [(rule, (tree,)) for rule in rules.RULES]
    if build:
        checks += [(rule, (tree, build)) for rule in build_rules.RULES]
    count = 0
    for rule, arguments in checks:
        began = time.monotonic()
        problems = rule(*arguments)
        seconds = time.monotonic() - began
        print(f"{rule.__name__:26} {len(problems):4} problems  {seconds:5.1f} s", flush=True)
        for problem in problems:
            print(f"  {problem}")
        count += len(problems)
    print(f"{len(tree.files)} files, {count} problems")
    return count


def main():
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--build", metavar="DIR")
    what.add_argument("--text", action="store_true")
    what.add_argument("--canaries", action="store_true")
    options = parser.parse_args()
    if options.canaries:
        return canaries.run()
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    build = os.path.abspath(options.build) if options.build else ""
    return 1 if check(root, build) else 0


if __name__ == "__main__":
    sys.exit(main())
