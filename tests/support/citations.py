#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What comments and documents cite is there. One line a fault; tests/support/lint runs it.

A source cites a passage of docs/ as `protocol/signalling.md#resume`: the path under docs/ and
the anchor of a heading or of `<a id="…">`. Documents link to one another, and the walks of
docs/architecture.md name functions with their files.
"""
import os
import re
import subprocess
from pathlib import Path

DOCS = Path("docs")
CITED = re.compile(r"(?<![\w./-])(docs/)?((?:[a-z]+/)*(?:[a-z]+|README)\.md)(#[\w-]*)?")
LINK = re.compile(r"\]\(([^):\s#]*)(#[^)\s]*)?\)")
STEP = re.compile(r"^\| `(\w+)\(\)` \| `([\w.-]+)` \|")
# gtk-doc takes `#` for the beginning of a symbol
BARE = re.compile(r"(?<![`\w./-])(?:[a-z]+/)*\w+\.md#[\w-]+")
# papers that only their authors have
LOST = re.compile(r"\b[Ss]eed [1-5]\b|\b([Pp]rotocol|[Aa]rchitecture) §|"
                  r"\b(security|webrtcbin|decisions|protocol)\.md,? ?\"")


def slug(heading):
    """As GitHub makes the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def read_anchors(page):
    anchors = []
    for line in page.read_text().splitlines():
        anchors += re.findall(r'<a id="([^"]+)">', line)
        heading = re.match(r"#+ (.*)", line)
        if heading:
            anchors.append(slug(heading[1]))
    return anchors


def check_source(name, text, anchors):
    for n, line in enumerate(text.splitlines(), 1):
        if LOST.search(line):
            print(f"{name}:{n}: cites a paper that is not in docs/: {line.strip()}")
        for inside, page, anchor in CITED.findall(line):
            if page == "README.md":
                continue
            path = str(DOCS / page)
            if path not in anchors:
                print(f"{name}:{n}: there is no page docs/{page}")
            elif inside and anchor:
                print(f"{name}:{n}: write {page}{anchor}, without docs/")
            elif anchor and anchor[1:] not in anchors[path]:
                print(f"{name}:{n}: docs/{page} has no anchor {anchor}")


def check_reference(name, text):
    for comment in re.finditer(r"/\*\*.*?\*/", text, re.S):
        for cited in BARE.findall(comment[0]):
            print(f"{name}: write `{cited}` in backticks in a comment for gtk-doc")


def check_document(name, text, anchors, sources):
    for n, line in enumerate(text.splitlines(), 1):
        for target, anchor in LINK.findall(line):
            path = os.path.normpath(os.path.join(os.path.dirname(name), target)) if target else name
            if not os.path.exists(path):
                print(f"{name}:{n}: there is no {path}")
            elif anchor and path in anchors and anchor[1:] not in anchors[path]:
                print(f"{name}:{n}: {path} has no anchor {anchor}")
        step = STEP.match(line)
        if step:
            function, file = step.groups()
            places = [s for s in sources if os.path.basename(s) == file]
            if not any(re.search(rf"^{function} \(", Path(s).read_text(), re.M) for s in places):
                print(f"{name}:{n}: there is no {function}() in {file}")


def main():
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True,
                            check=True).stdout.split("\n")
    listed = [name for name in listed if os.path.isfile(name)]
    documents = [name for name in listed if name.endswith(".md")]
    anchors = {name: read_anchors(Path(name)) for name in documents}
    for name, found in anchors.items():
        for anchor in sorted({a for a in found if found.count(a) > 1}):
            if name.startswith("docs/"):
                print(f"{name}: has #{anchor} twice")
    sources = [name for name in listed
               if re.search(r"\.(c|h|cpp|js|mjs|py|css|html|build)$", name) or name == "dev"]
    for name in sources:
        if os.path.basename(name) != os.path.basename(__file__):
            check_source(name, Path(name).read_text(), anchors)
        if name.endswith((".c", ".h")):
            check_reference(name, Path(name).read_text())
    for name in documents:
        check_document(name, Path(name).read_text(), anchors, sources)


main()
