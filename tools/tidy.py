"""tidy.py: the rules of the house that no compiler knows. Prints TAP and the ten longest functions.

Each rule is a function that yields what breaks it, "place: what is wrong and what to do".
"""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
TEST_LINES_MAX = 800  # a test has a story for each promise of its noun, and a list of them
SUBJECT_COLUMNS_MAX = 72
COMMITS_MAX = 50

# Not called in src/ or bench/: what to use instead.
BANNED = {
    "sprintf": "snprintf", "vsprintf": "vsnprintf", "strcpy": "lb_arena_strdup, or snprintf",
    "strcat": "lb_arena_printf", "strncat": "lb_arena_printf", "strtok": "strcspn",
    "gets": "getline", "atoi": "strtoll and its end", "atol": "strtoll and its end",
    "atoll": "strtoll and its end", "atof": "strtod and its end", "alloca": "an arena",
    "localtime": "lb_time_format; times are UTC", "localtime_r": "lb_time_format; times are UTC",
    "gmtime": "lb_time_format", "ctime": "lb_time_format", "asctime": "lb_time_format",
    "mktime": "lb_time_from_civil", "system": "the command runner's own start, without a shell",
    "popen": "the command runner's own start, without a shell", "tmpnam": "mkstemp",
    "mktemp": "mkstemp", "rand": "a seed that is passed in", "srand": "a seed that is passed in",
    "malloc": "lb_alloc", "calloc": "lb_alloc", "realloc": "lb_list_add", "free": "lb_free",
    "strdup": "lb_strdup", "strndup": "lb_arena_strndup", "asprintf": "lb_arena_printf",
}
# (file, function): why it may.
ALLOWED = {
    ("src/base/mem.c", "calloc"): "the door to the heap",
    ("src/cli/cmd_emit.c", "localtime_r"): "emit --local: the offset of the user's own clock",
    ("src/config/value_text.c", "free"): "jansson's text",
    ("src/config/node.c", "free"): "jansson's text",
    ("src/runners/command/handover.c", "free"): "jansson's text",
    ("src/runners/command/settings.c", "free"): "realpath's text",
}
# assert is for our own mistakes. What comes from outside is never asserted on.
READS_OUTSIDE_BYTES = ["src/config/", "src/sources/trigger_file/filter.c",
                       "src/sources/trigger_file/watch.c", "src/runners/command/record.c",
                       "src/core/names.c", "src/net/aws_", "src/net/sigv4", "src/net/xml"]

# What core's files may include of the C library: nothing that sees the world.
PURE_HEADERS = {"assert.h", "inttypes.h", "limits.h", "stdbool.h", "stddef.h", "stdint.h",
                "stdio.h", "stdlib.h", "string.h"}

# Package registries' hosts and places of one machine have no business here.
FOREIGN = re.compile(
    r"pypi[.]org|pythonhosted[.]org|crates[.]io|npmjs[.](org|com)|rubygems[.]org|docker[.]io|"
    r"ghcr[.]io|quay[.]io|proxy[.]golang[.]org|(deb|security)[.]debian[.]org|"
    r"(?<![\w.])/(work|root|tmp[/]w)/|\b(TODO|FIXME|XXX|HACK)[ :(]")

SUBJECT = re.compile(r"(?P<areas>[a-z0-9][a-z0-9 ,/_.-]*): (?P<verb>[a-z][a-z-]*)( .*[^.])?$")
# Ends of words that say what was done instead of what to do, and verbs that end so.
NOT_IMPERATIVE = re.compile(r".*(ed|ing)$")
VERBS = {"embed", "feed", "need", "seed", "speed", "bring", "ring", "string", "exceed", "proceed"}


# Made by tests, not by us.
MADE = {"__pycache__", "venv"}


def files(*folders, ends):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in ends and not MADE & set(path.parts):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def without_comments_and_texts(code):
    """The same lines, with nothing left of comments, strings and characters."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(\\.|[^"\\\n])*"|\'(\\.|[^\'\\\n])*\'', blank, code,
                  flags=re.DOTALL)


def numbered(text):
    return enumerate(text.splitlines(), start=1)


def banned_functions():
    """banned functions are not called"""
    call = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
    for name, code in files("src", "bench", ends={".c", ".h"}):
        for number, line in numbered(without_comments_and_texts(code)):
            for match in call.finditer(line):
                function = match.group(1)
                if (name, function) not in ALLOWED:
                    yield f"{name}:{number}: {function} is banned; use {BANNED[function]}"


def stale_permissions():
    """every permission to call a banned function is used"""
    for (name, function), reason in ALLOWED.items():
        path = ROOT / name
        code = without_comments_and_texts(path.read_text(encoding="utf-8")) if path.exists() else ""
        if not re.search(rf"\b{function}\b", code):
            yield f"tools/tidy.py: {name} no longer calls {function} ({reason}); take it out"


def outside_bytes():
    """nothing is asserted where bytes from outside are read"""
    for name, code in files("src", ends={".c"}):
        if any(name.startswith(place) for place in READS_OUTSIDE_BYTES):
            for number, line in numbered(without_comments_and_texts(code)):
                if re.search(r"\bassert\s*\(", line):
                    yield f"{name}:{number}: this file reads bytes from outside; return an error"


def rooms():
    """no room includes a room that it may not use"""
    build = (ROOT / "meson.build").read_text(encoding="utf-8")
    may_use = {room: set(re.findall(r"'(\w+)'", uses))
               for room, uses in re.findall(r"^  '(\w+)': \[(.*)\],$", build, re.MULTILINE)}
    if "core" not in may_use:
        yield "meson.build: may_use is not where tools/tidy.py looks for it"
        return
    for name, code in files("src", ends={".c", ".h"}):
        room = name.split("/")[1]
        for number, line in numbered(code):
            match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if match is None:
                continue
            target = match.group(1).split("/")[0]
            if target == "..":
                yield f"{name}:{number}: include from the room on, not by ../"
            elif target in may_use and target != room and target not in may_use[room]:
                yield f"{name}:{number}: {room} may not use {target} (may_use in meson.build)"


def pure_core():
    """core includes nothing that sees the world"""
    for name, code in files("src/core", ends={".c", ".h"}):
        for number, line in numbered(code):
            match = re.match(r"\s*#\s*include\s*<([^>]+)>", line)
            if match is not None and match.group(1) not in PURE_HEADERS:
                yield f"{name}:{number}: core has no business with <{match.group(1)}>"


def functions():
    """(lines, file, line, first line) of every function; the layout puts its braces in column 0"""
    for name, code in files("src", "tests", "bench", ends={".c", ".h"}):
        lines = code.splitlines()
        first = None
        for at, line in enumerate(lines):
            if line == "{":
                first = at
                while first > 0 and lines[first - 1] and lines[first - 1][0] not in "}/# ":
                    first -= 1
            elif line == "}" and first is not None:
                yield at - first + 1, name, first + 1, lines[first]
                first = None


def long_functions():
    for lines, name, number, head in functions():
        if lines > FUNCTION_LINES_MAX:
            yield f"{name}:{number}: {lines} lines, {FUNCTION_LINES_MAX} at most: {head}"


long_functions.__doc__ = f"no function is longer than {FUNCTION_LINES_MAX} lines"


def long_files():
    for name, text in files("src", "tests", "bench", "tools", ends={".c", ".h", ".py", ".sh"}):
        lines = text.count("\n")
        most = TEST_LINES_MAX if name.startswith("tests/") else FILE_LINES_MAX
        if lines > most:
            yield f"{name}: {lines} lines, {most} at most; are there two nouns in it?"


long_files.__doc__ = f"no file is longer than {FILE_LINES_MAX} lines, no test than {TEST_LINES_MAX}"


def foreign_words():
    """no registry's host, no path of one machine and no mark of unfinished work is in the project"""
    ends = {".c", ".h", ".py", ".sh", ".md", ".txt", ".yaml", ".json", ".build", ".sql", ".1"}
    texts = files("src", "tests", "bench", "tools", "docs", "demo", ends=ends)
    tops = ((path.name, path.read_text(encoding="utf-8")) for path in ROOT.glob("*.md"))
    for name, text in (*texts, *tops):
        for number, line in numbered(text):
            match = FOREIGN.search(line)
            if match is not None and name != "tools/tidy.py":
                yield f"{name}:{number}: '{match.group()}' has no business in the project"


def planted_bugs():
    """every planted bug of the simulation fits the sources as they are"""
    for path in sorted((ROOT / "tests/sim/bugs").glob("*.patch")):
        done = subprocess.run(["git", "apply", "--check", path], cwd=ROOT, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            yield f"tests/sim/bugs/{path.name}: make it anew: {done.stderr.splitlines()[0]}"


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def subjects():
    """(commit, subject) since the last tag; nothing where there is no history, as in a tarball"""
    tag = git("describe", "--tags", "--abbrev=0")
    since = [f"{tag[0]}..HEAD"] if tag else []
    for line in git("log", "--no-merges", f"--max-count={COMMITS_MAX}", "--format=%h %s", *since):
        yield line.split(" ", 1)


def commit_subjects():
    """commits say `area: imperative`"""
    for commit, subject in subjects():
        match = SUBJECT.match(subject)
        if match is None:
            yield f"{commit}: write `area: imperative`, without a full stop: {subject}"
        elif NOT_IMPERATIVE.match(match["verb"]) and match["verb"] not in VERBS:
            yield f"{commit}: say what the commit is to do, not what was done: {subject}"
        if len(subject) > SUBJECT_COLUMNS_MAX:
            yield f"{commit}: {len(subject)} columns, {SUBJECT_COLUMNS_MAX} at most: {subject}"


RULES = [banned_functions, stale_permissions, outside_bytes, rooms, pure_core, long_functions,
         long_files, foreign_words, planted_bugs, commit_subjects]


def main():
    print(f"1..{len(RULES)}")
    broken = 0
    for number, rule in enumerate(RULES, start=1):
        complaints = list(rule())
        for complaint in complaints:
            print(f"# {complaint}")
        print(f"{'not ok' if complaints else 'ok'} {number} - {rule.__doc__}")
        broken += bool(complaints)
    print("# the ten longest functions:")
    for lines, name, number, head in sorted(functions(), reverse=True)[:10]:
        print(f"#   {lines:3} {name}:{number}: {head}")
    return 1 if broken else 0


raise SystemExit(main())
