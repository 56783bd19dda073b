"""object_symbols.py OBJECT...: objects of one instruction set, *_avx*, share no code with others.

A weak symbol in such an object could be the copy that the linker keeps for the whole program,
which then ends with an illegal instruction on an older machine.
"""
import re
import subprocess
import sys

WEAK = re.compile(r"(?m)^[0-9a-f]+ [WVu] (.+)$")


def weak_symbols(path):
    listing = subprocess.run(["nm", "-C", path], check=True, capture_output=True, text=True)
    return WEAK.findall(listing.stdout)


def main():
    found = {path: weak_symbols(path) for path in sys.argv[1:] if "_avx" in path}
    for path, symbols in found.items():
        for symbol in symbols:
            print(f"{path}: {symbol} has weak linkage: give it internal linkage")
    if not found:
        print("no object of an instruction set was named")
    return 0 if found and not any(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
