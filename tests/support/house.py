#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The folders of the library and what they include of each other.

house.py check prints each include that points up, each circle of files that is too large
and each folder that is too full; it prints nothing when all is in order. house.py draw
prints a Mermaid drawing of the folders and their counts, for docs/architecture.md; it
draws any layout, with "." for the files that stand in no folder."""

import collections
import os
import re
import subprocess
import sys

LIBRARY = "gst-libs/gst/videomeet/"
# From the ground up: a folder includes its own files and those of folders before it.
ORDER = ["base", "quality", "wire", "trust", "transfer", "terminal", "quic", "client", "agent", "discovery", "room",
         "call", "cluster", "server", "node", "meeting", "plugin"]
SIGNAL = "ext/signal/"
SIGNAL_ORDER = ["peer", "media", "record", "file", "link", "cloud", "controller", "bin"]
CIRCLE_MAX = 5  # files of the library that include each other
FOLDER_MAX = 30  # files of one folder
INCLUDE = re.compile(r'^\s*#\s*include\s+["<](?:gst/videomeet/)?([^">]+)[">]', re.M)


def tracked(*paths):
    done = subprocess.run(["git", "ls-files", *paths], check=True, capture_output=True,
                          text=True)
    return done.stdout.splitlines()


class House:
    """The files below one root, by their paths from there."""

    def __init__(self, root, order):
        self.root = root
        self.order = order
        # a precompiled header is the compiler's, and no part of the house
        self.files = [f[len(root):] for f in tracked(root)
                      if f.endswith((".c", ".h")) and not f.endswith("_pch.h")]
        self.known = set(self.files)
        # a public header stands outside the folders; its source says where it belongs
        self.folder_of = {f: f.split("/")[0] for f in self.files if "/" in f}
        stems = {os.path.basename(f)[:-2]: f for f in self.files if f.endswith(".c")}
        for f in self.files:
            if "/" not in f:
                source = stems.get(f[:-2])
                self.folder_of[f] = source.split("/")[0] if source else None
        self.includes = {f: self._read(f) for f in self.files}

    def _read(self, file):
        with open(self.root + file, encoding="utf-8") as f:
            names = INCLUDE.findall(f.read())
        here = os.path.dirname(file)
        places = [(n, os.path.normpath(os.path.join(here, n))) for n in names]
        return [n if n in self.known else near for n, near in places
                if n in self.known or near in self.known]

    def rank(self, file):
        folder = self.folder_of[file]
        return self.order.index(folder) if folder in self.order else None

    def upward(self):
        for file in self.files:
            for other in self.includes[file]:
                a, b = self.rank(file), self.rank(other)
                if a is not None and b is not None and b > a:
                    yield file, other

    def units(self):
        """A source and its headers are one: unit -> units that it includes."""
        home = {os.path.basename(f)[:-2]: f[:-2] for f in self.files if f.endswith(".c")}

        def unit(file):
            stem = re.sub(r"(-priv)?\.[ch]$", "", file)
            return home.get(stem, stem) if "/" not in stem else stem
        graph = collections.defaultdict(set)
        for file in self.files:
            graph[unit(file)].update(unit(o) for o in self.includes[file] if unit(o) != unit(file))
        return graph


def circles(graph):
    """Tarjan's strongly connected components of more than one, the largest first."""
    index, low, stack, found = {}, {}, [], []
    for root in list(graph):
        if root in index:
            continue
        work = [(root, iter(sorted(graph[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            node, others = work[-1]
            for other in others:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    work.append((other, iter(sorted(graph.get(other, ())))))
                    break
                if other in stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    members = []
                    while not members or members[-1] != node:
                        members.append(stack.pop())
                    if len(members) > 1:
                        found.append(sorted(members))
    return sorted(found, key=len, reverse=True)


def folders(*paths):
    return collections.Counter(os.path.dirname(f) for f in tracked(*paths))


def check():
    for house in (House(LIBRARY, ORDER), House(SIGNAL, SIGNAL_ORDER)):
        for file, other in house.upward():
            print(f"{house.root}{file} includes {other}, which stands above it")
        for circle in circles(house.units()):
            if len(circle) > CIRCLE_MAX:
                print(f"{house.root}: {len(circle)} files include each other: {' '.join(circle)}")
    for folder, n in folders("gst-libs", "ext", "gst", "tools", "tests/check").items():
        if n > FOLDER_MAX:
            print(f"{folder}: {n} files, more than {FOLDER_MAX}")


def draw():
    house = House(LIBRARY, ORDER)
    # no noun of their own: one includes all, the other is included by all
    files = [f for f in house.files if f not in ("videomeet.h", "vmapi.h")]
    place = {f: house.folder_of[f] if house.folder_of[f] in map(os.path.dirname, files)
             or house.folder_of[f] in house.order else "." for f in files}
    arrows = collections.Counter()
    for file in files:
        for other in house.includes[file]:
            if place[file] != place.get(other, place[file]):
                arrows[place[file], place[other]] += 1
    lines = {f: sum(1 for _ in open(house.root + f, encoding="utf-8")) for f in house.files}
    known = [f for f in house.order if f in place.values()]
    print("```mermaid\ngraph BT")
    for folder in known + sorted(set(place.values()) - set(known)):
        mine = [f for f in files if place[f] == folder]
        print(f'  {folder}["{folder}<br/>{len(mine)} files, {sum(lines[f] for f in mine)} lines"]')
    for (a, b), n in sorted(arrows.items()):
        print(f"  {a} -->|{n}| {b}")
    print("```\n")
    graph = collections.defaultdict(set)
    for a, b in arrows:
        graph[a].add(b)
    within, between = circles(house.units()), circles(graph)
    size = {f: n for f, n in folders(LIBRARY).items()}
    print(f"{len(house.files)} files, {sum(lines.values())} lines; largest folder: "
          f"{max(size.values())} files; largest circle of files: "
          f"{len(within[0]) if within else 0}; of folders: {len(between[0]) if between else 0}")


if __name__ == "__main__":
    {"check": check, "draw": draw}[sys.argv[1]]()
