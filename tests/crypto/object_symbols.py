"""object_symbols.py OBJECT...: objects of one instruction set share no code with the others.

A weak symbol in such an object could be the copy that the linker keeps for the whole program, which then
ends with an illegal instruction on an older machine.
"""
import subprocess
import sys


def weak_symbols(path):
    lines = subprocess.run(["nm", "-C", path], check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.split(maxsplit=2)[2] for line in lines if line[17:18] in ("W", "V", "u")]


def main():
    found = {path: weak_symbols(path) for path in sys.argv[1:]}
    for path, symbols in found.items():
        for symbol in symbols:
            print(f"{path}: {symbol} has weak linkage: give it internal linkage")
    if not found:
        print("no objects were named")
    return 0 if found and not any(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
