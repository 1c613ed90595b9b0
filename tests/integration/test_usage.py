"""Help, mistakes in typing, exit codes, JSON, colour, the manual page and the shells' completions:
all from one table of verbs."""
import json
import os
import pty
import re
import subprocess

import pytest

from lakebeat import LAKEBEAT, House


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    house.job(555)
    house.feed(["orders,555,TRUE"])
    return house


def say(*arguments, **options):
    return subprocess.run([LAKEBEAT, *arguments], capture_output=True, text=True, timeout=60,
                          **options)


def verbs():
    """{verb: its options}, as --help has them."""
    overview = say("--help").stdout
    names = re.findall(r"^  (\w+) +\S", overview.split("Verbs")[1].split("To begin")[0], re.M)
    return {name: re.findall(r"^  (?:-\w,|   ) --([\w-]+)", say("help", name).stdout, re.M)
            for name in names}


VERBS = verbs()


# Help


def test_help_names_the_verbs_that_there_are():
    assert set("feed emit sense trigger once run complete status explain pause resume retry history "
               "check config version".split()) <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_is_the_same_in_both_ways_and_fits_a_terminal(verb):
    result = say(verb, "--help")
    assert result.returncode == 0 and result.stdout == say("help", verb).stdout
    assert result.stdout.startswith("lakebeat %s: " % verb)
    assert "help" in VERBS[verb]
    prose = result.stdout.split("Examples")[0]
    assert max(len(line) for line in prose.splitlines()) <= 80
    assert all(line == line.rstrip() for line in result.stdout.splitlines())


@pytest.mark.parametrize("verb", VERBS)
def test_help_goes_before_every_mistake_but_an_unknown_option(verb):
    assert say(verb, "one", "two", "three", "--help").returncode == 0


def test_lakebeat_alone_is_wrong_usage_and_shows_the_overview():
    result = say()
    assert result.returncode == 2 and result.stdout == "" and "Verbs" in result.stderr


@pytest.mark.parametrize("words", [["--version"], ["version"]])
def test_the_version_is_told(words):
    result = say(*words)
    assert result.returncode == 0 and re.match(r"lakebeat \d+\.\d+\.\d+ ", result.stdout)


# Mistakes in typing


@pytest.mark.parametrize("typo,meant", [("stauts", "status"), ("explian", "explain"),
                                        ("reumse", "resume"), ("hitsory", "history")])
def test_a_mistyped_verb_gets_the_nearest_one(typo, meant):
    result = say(typo)
    assert result.returncode == 2 and "did you mean %s?" % meant in result.stderr


def test_a_mistyped_option_gets_the_nearest_one(house):
    for words, meant in ((["status", "--jsn"], "--json"), (["feed", "f", "--dryrun"], "--dry-run"),
                         (["run", "--stoer=x"], "--store")):
        result = house.run(*words, check=False)
        assert result.returncode == 2 and "did you mean %s?" % meant in result.stderr


@pytest.mark.parametrize("words", [
    ["nonsense"], ["status", "--nonsense"], ["status", "-z"], ["status", "more"], ["explain"],
    ["explain", "a", "b"], ["feed"], ["emit"], ["complete"], ["status", "--json=yes"],
    ["status", "--store"], ["history", "--limit", "0"], ["history", "--limit", "many"],
    ["status", "--watch=-1"], ["status", "--color", "sometimes"], ["completion", "tcsh"],
    ["help", "nonsense"], ["status", "--store", "a", "--store", "b"],
    ["status", "--store", "mysql://x"], ["once", "--runner-argv", "'open"],
    ["status", "--log-level", "loud"], ["--nonsense"]])
def test_wrong_usage_exits_with_2_and_says_what_is_wrong(house, words):
    result = house.run(*words, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith(("lakebeat: ", "error: ")) and result.stdout == ""


def test_options_may_stand_before_and_behind_operands_and_be_joined(house):
    for words in (["history", "-n1", "555"], ["history", "555", "-n", "1"],
                  ["history", "--limit=1", "--", "555"], ["history", "-en1", "555"]):
        assert house.run(*words, check=False).returncode == 0, words


def test_words_behind_two_dashes_are_no_options(house):
    result = house.run("explain", "--", "--json", check=False)
    assert result.returncode == 1 and "--json is not in the control table" in result.stderr


def test_output_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w") as full:
        for words in (["help", "run"], ["version"], ["version", "--json"], ["--help"], ["man"],
                      ["status", "--help"], ["completion", "zsh"]):
            result = subprocess.run([LAKEBEAT, *words], stdout=full, stderr=subprocess.PIPE)
            assert result.returncode == 1 and result.stderr, words


# JSON and colour


@pytest.mark.parametrize("words", [
    ["check"], ["feed", "feed.csv"], ["feed", "feed.csv", "--dry-run"], ["once"], ["sense"],
    ["trigger"], ["emit", "orders"], ["status"], ["explain", "555"], ["history"],
    ["history", "--events"], ["history", "--audit"], ["pause", "555"], ["resume", "555"],
    ["retry", "555"], ["complete", "555"], ["config"], ["version"]])
def test_json_is_one_valid_document_without_colour(house, words):
    result = house.run(*words, "--json", "--color=always")
    assert isinstance(json.loads(result.stdout), dict)


def test_every_verb_that_prints_data_knows_json():
    assert {verb for verb in VERBS if "json" not in VERBS[verb]} <= {"help", "man", "completion"}


def test_text_that_is_not_utf8_is_valid_in_json(house):
    house.execute("update heartbeat_sensor set trigger_job_name = cast(x'ff41' as text)")
    shown = subprocess.run([LAKEBEAT, "status", "--json"], cwd=house.path, capture_output=True)
    assert json.loads(shown.stdout.decode())["rows"][0]["trigger_job_name"] == "\ufffdA"


def test_quiet_prints_nothing_but_errors(house):
    for words in (["feed", "feed.csv"], ["once"], ["pause", "555"], ["check"]):
        result = house.run(*words, "--quiet")
        assert result.stdout == "", words
    assert house.run("explain", "nonsense", "-q").stderr != ""


def on_terminal(house, *words, env=None):
    """What a verb writes to a terminal."""
    primary, secondary = pty.openpty()
    process = subprocess.Popen([LAKEBEAT, *words], cwd=house.path, stdout=secondary, env=env)
    os.close(secondary)
    shown = b""
    while True:
        try:
            part = os.read(primary, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(primary)
    assert process.wait(30) == 0
    return shown


def test_the_overview_honours_no_color_too(house):
    assert b"\x1b[" in on_terminal(house, "--help")
    assert b"\x1b[" not in on_terminal(house, "--help", env=dict(os.environ, NO_COLOR="1"))


def test_colour_is_for_terminals_only_unless_it_is_asked_for(house):
    assert b"\x1b[" in on_terminal(house, "status")
    assert b"\x1b[" not in on_terminal(house, "status", "--color", "never")
    assert "\x1b[" not in house.run("status").stdout
    assert "\x1b[" in house.run("status", "--color", "always").stdout


def test_no_color_is_honoured(house):
    assert b"\x1b[" not in on_terminal(house, "status", env=dict(os.environ, NO_COLOR="1"))
    assert b"\x1b[" in on_terminal(house, "status", env=dict(os.environ, NO_COLOR=""))
    assert b"\x1b[" not in on_terminal(house, "help", "run", env=dict(os.environ, NO_COLOR="1"))


# The manual page


def test_the_manual_page_has_no_fault():
    page = say("man").stdout
    result = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-"], input=page,
                            capture_output=True, text=True,
                            env=dict(os.environ, MANWIDTH="80", LC_ALL="C.UTF-8"))
    assert result.returncode == 0 and result.stderr == ""
    assert "lakebeat - start jobs when the data they wait for has arrived" in \
        re.sub(".\b", "", result.stdout)  # without overstriking


def test_the_manual_page_names_every_verb_and_option():
    page = say("man").stdout.replace("\\-", "-")
    for verb, options in VERBS.items():
        assert ".SS \"lakebeat %s" % verb in page, verb
        for option in options:
            assert "--%s" % option in page, option


# Completions


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_right_by_the_shell_s_own_judgement(shell, tmp_path):
    script = tmp_path / "completion"
    script.write_text(say("completion", shell).stdout)
    result = subprocess.run([shell, "-n", script], capture_output=True, text=True)
    assert result.returncode == 0 and result.stderr == ""


def bash(words, folder):
    """What bash offers for the last of words."""
    script = """
eval "$("$0" completion bash)"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_lakebeat lakebeat "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
    result = subprocess.run(["bash", "--norc", "-c", script, LAKEBEAT, "lakebeat", *words],
                            capture_output=True, text=True, cwd=folder)
    assert result.stderr == ""
    return [offer for offer in result.stdout.split("\n") if offer]


def test_bash_completes_verbs_options_files_and_values(tmp_path):
    (tmp_path / "feed.csv").touch()
    (tmp_path / "folder").mkdir()
    assert sorted(bash([""], tmp_path)) == sorted(VERBS)
    assert bash(["st"], tmp_path) == ["status"]
    assert bash(["status", "--wa"], tmp_path) == ["--watch"]
    assert "feed.csv" in bash(["feed", ""], tmp_path)
    assert bash(["run", "--config", "fe"], tmp_path) == ["feed.csv"]
    assert bash(["run", "-c", "fe"], tmp_path) == ["feed.csv"]
    assert bash(["emit", "--base", "f"], tmp_path) == ["folder"]
    assert sorted(bash(["completion", ""], tmp_path)) == ["bash", "fish", "zsh"]
    assert bash(["help", "hist"], tmp_path) == ["history"]
    (tmp_path / "with space.csv").touch()
    assert bash(["feed", "with"], tmp_path) == ["with space.csv"]
    assert bash(["history", "--limit", ""], tmp_path) == []


@pytest.mark.parametrize("verb", VERBS)
def test_bash_completes_every_option(verb, tmp_path):
    assert sorted(bash([verb, "--"], tmp_path)) == sorted("--" + name for name in VERBS[verb])


def fish(line):
    script = "%s completion fish | source; complete -C %s" % (LAKEBEAT, json.dumps(line))
    result = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True,
                            env=dict(os.environ, PATH="%s:%s" % (
                                os.path.dirname(LAKEBEAT), os.environ["PATH"])))
    assert result.stderr == ""
    return [offer.split("\t")[0] for offer in result.stdout.splitlines()]


def test_fish_completes_verbs_and_options():
    assert sorted(fish("lakebeat ")) == sorted(VERBS)
    for verb in ("status", "emit", "feed"):
        assert sorted(set(fish("lakebeat %s --" % verb))) == sorted("--" + name
                                                                    for name in VERBS[verb])


def test_zsh_s_completion_names_every_verb_and_option():
    text = say("completion", "zsh").stdout
    for verb, options in VERBS.items():
        part = text.split("\n\t%s)\n" % verb)[1].split(";;")[0]
        assert re.findall(r"^\t\t\t'(?:\*|\([^)]*\))?--([\w-]+)", part, re.M) == options, verb


def test_zsh_really_completes(tmp_path):
    """In a pseudo-terminal, because zsh completes nowhere else."""
    (tmp_path / "_lakebeat").write_text(say("completion", "zsh").stdout)
    script = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; fpath=($FOLDER $fpath); autoload -U compinit; compinit -u -D'
zpty -w shell 'lakebeat() { print GOT: $* }; echo rea""dy'
zpty -r -m shell line '*ready*'
zpty -w -n shell $'lakebeat %s\t\n'
zpty -r -m shell line $'*GOT:*\n'
print -r -- $line
"""
    for typed, completed in (("stat", "status"), ("status --wat", "status --watch"),
                             ("emit --ba", "emit --base"), ("feed --dry", "feed --dry-run"),
                             ("help hist", "help history"), ("completion f", "completion fish")):
        result = subprocess.run(["zsh", "-f", "-c", script.replace("%s", typed)],
                                capture_output=True, text=True, timeout=60,
                                env=dict(os.environ, TERM="dumb", FOLDER=str(tmp_path)))
        assert "GOT: %s\n" % completed in result.stdout.replace("\r", ""), typed
