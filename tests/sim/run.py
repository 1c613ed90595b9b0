#!/usr/bin/python3
"""Runs the simulation and prints TAP.

    run.py worlds SIM STORE FIRST SEEDS HOURS
        Every promise holds in so many worlds.
    run.py bugs BUILD SIM SEEDS
        Each bug in bugs/ is found within so many worlds, by a promise that it
        breaks. A bug is a patch of one or more sources; they are compiled anew and
        linked in front of the libraries.
    run.py hashes BUILD SEEDS
        The stories are the same under gcc and clang, with -O0 and -O2.

BUILD is Meson's build directory, SIM the program."""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class DoesNotApply(Exception):
    """The sources have moved on."""


class Tap:
    def __init__(self, count):
        self.count = 0
        self.failed = 0
        print(f"1..{count}", flush=True)

    def case(self, ok, name, output=""):
        self.count += 1
        self.failed += not ok
        print(f"{'ok' if ok else 'not ok'} {self.count} - {name}")
        for line in output.splitlines():
            print(line if line.startswith("#") else "# " + line)
        sys.stdout.flush()


def run(arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, **options)


def worlds(sim, store, first, seeds, hours):
    tap = Tap(1)
    result = run([sim, "--store", store, "--first", first, "--seeds", seeds, "--hours", hours])
    tap.case(result.returncode == 0,
             f"{seeds} worlds of {hours} hours keep every promise, in "
             f"{'a real SQLite file' if store == 'sqlite' else 'memory'}",
             result.stdout + result.stderr)
    return tap.failed


# --- planted bugs ---------------------------------------------------------------


def read_bug(path):
    text = path.read_text()
    promises = re.search(r"^Breaks: (.*)$", text, re.M).group(1).split(", ")
    return text.splitlines()[0].rstrip("."), promises, re.findall(r"^\+\+\+ b/(\S+)$", text, re.M)


def compile_command(build, source, patched, target):
    """How Meson compiles source, for the patched copy, and warnings allowed."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if (pathlib.Path(entry["directory"]) / entry["file"]).resolve() == ROOT / source:
            words = [word for word in shlex.split(entry["command"])
                     if word not in ("-Werror", "-MD")]
            for option in ("-MQ", "-MF"):
                at = words.index(option)
                del words[at:at + 2]
            words[words.index("-c") + 1] = str(patched)
            words[words.index("-o") + 1] = str(target)
            return words + ["-w"]
    raise SystemExit(f"{source} is not compiled in {build}")


def link_command(build, sim, objects, target):
    """How Meson links the simulation, with objects in front of the libraries."""
    name = os.path.relpath(sim, build)
    commands = run(["ninja", "-C", str(build), "-t", "commands", name]).stdout.splitlines()
    words = shlex.split(commands[-1])
    words[words.index("-o") + 1] = str(target)
    archive = next(i for i, word in enumerate(words) if word.endswith(".a"))
    return words[:archive] + [str(item) for item in objects] + words[archive:]


def build_with_bug(build, sim, path, sources, folder):
    objects = []
    for source in sources:
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, folder / source)
    applied = run(["patch", "--quiet", "-p1", "-d", str(folder), "-i", str(path)])
    if applied.returncode != 0:
        raise DoesNotApply(f"{path.name} does not fit the sources any more; make it anew")
    for source in sources:
        target = folder / (source.replace("/", "_") + ".o")
        command = compile_command(build, source, folder / source, target)
        subprocess.run(command, cwd=build, check=True)
        objects.append(target)
    program = folder / "sim"
    subprocess.run(link_command(build, sim, objects, program), cwd=build, check=True)
    return program


def search(program, seeds):
    """What is said of the first broken promise that is met, from both halves of the seeds at once."""
    half = seeds // 2
    searches = [subprocess.Popen([str(program), "--first", str(first), "--seeds", str(count)],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                for first, count in ((1, half), (half + 1, seeds - half))]
    with concurrent.futures.ThreadPoolExecutor(len(searches)) as pool:
        outputs = [pool.submit(lambda each=each: each.communicate()[0]) for each in searches]
        for output in concurrent.futures.as_completed(outputs):
            if "# broken: " in output.result():
                for each in searches:
                    each.kill()
                return output.result()
    return outputs[-1].result()


def find_bug(build, sim, path, seeds):
    """Which promise was seen broken, and the end of the story."""
    _, _, sources = read_bug(path)
    with tempfile.TemporaryDirectory() as folder:
        try:
            program = build_with_bug(build, sim, path, sources, pathlib.Path(folder))
        except DoesNotApply as fault:
            return None, str(fault)
        output = search(program, int(seeds))
    found = re.search(r"^# broken: ([\w-]+)", output, re.M)
    story = "\n".join(output.splitlines()[-6:])
    return (found.group(1) if found else None), story


def bugs(build, sim, seeds):
    patches = sorted((HERE / "bugs").glob("*.patch"))
    tap = Tap(len(patches))
    build = pathlib.Path(build).resolve()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        finds = list(pool.map(lambda path: find_bug(build, os.path.abspath(sim), path, seeds),
                              patches))
    for path, (broken, story) in zip(patches, finds):
        text, promises, _ = read_bug(path)
        tap.case(broken in promises, f"found: {text[0].lower()}{text[1:]} ({', '.join(promises)})",
                 story if broken in promises else f"broken: {broken}\n{story}")
    return tap.failed


# --- the same story everywhere --------------------------------------------------


def hashes_of(folder, compiler, level, seeds):
    if not (folder / "build.ninja").exists():
        subprocess.run(["meson", "setup", str(folder), str(ROOT), "-Dtests=enabled",
                        f"-Doptimization={level}"], check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, CC=compiler))
    subprocess.run(["ninja", "-C", str(folder), "--quiet", "tests/sim/sim"], check=True,
                   stdout=subprocess.DEVNULL)
    return run([str(folder / "tests/sim/sim"), "--seeds", seeds, "--hashes"], check=True).stdout


def hashes(build, seeds):
    builds = [(compiler, level) for compiler in ("gcc", "clang") for level in ("0", "2")]
    tap = Tap(len(builds) - 1)
    stories = [hashes_of(pathlib.Path(build) / "stories" / f"{compiler}-O{level}", compiler, level,
                         seeds) for compiler, level in builds]
    for (compiler, level), story in list(zip(builds, stories))[1:]:
        tap.case(story == stories[0] and story.count("\n") == int(seeds),
                 f"{compiler} -O{level} tells the same {seeds} stories as gcc -O0")
    return tap.failed


if __name__ == "__main__":
    sys.exit(1 if {"worlds": worlds, "bugs": bugs, "hashes": hashes}[sys.argv[1]](*sys.argv[2:])
             else 0)
