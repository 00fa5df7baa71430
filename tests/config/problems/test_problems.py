"""What is wrong with a file: all of it, each at its place, with a guess or a hint."""

from __future__ import annotations

import pytest

from tests.config.texts import BASE, loaded, messages, problems


def test_a_misspelt_key_has_a_guess() -> None:
    """The message that the format promises, to the letter."""
    text = "version: 1\nbuilders:\n  b:\n    steps: [{run: ['true']}]\n    workres: {}\n"
    assert messages(text) == "ci.yaml:5:5: unknown key 'workres', did you mean 'worker'? [unknown-key]"


def test_all_faults_are_reported_at_once() -> None:
    """Faults in different sections, entries and steps don't hide one another, nor cause others."""
    text = """\
    version: 1
    workres: {}
    sources: {w: {git: "https://git.example/w", poll: 90}}
    builders:
      a:
        locks: [nope]
        steps:
          - {runn: [x]}
          - {run: [x, {input: y}], on_failure: stop}
          - {checkout: v}
      b: {steps: [{run: [3.10]}], worker: wroker.name == 'x'}
    triggers:
      - {on: change, source: w, build: [c]}
      - {on: manuel, build: [a]}
    """
    assert problems(text) == [
        "2:1 unknown-key",
        "3:51 duration",
        "6:13 unknown-lock",
        "8:10 unknown-key",
        "9:44 value",
        "10:20 unknown-source",
        "11:22 quote-it",
        "11:39 unknown-variable",
        "13:37 unknown-builder",
        "14:10 unknown-kind",
    ]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("run: [python, -W, 3.10]", "3.10 was read as the number 3.1: quote it"),
        ("run: [x, true]", "true was read as the boolean true: quote it"),
        ("run: [x, 0x10]", "0x10 was read as the number 16: quote it"),
        ("run: [x]\n        always_run: yes", "yes was read as text: YAML 1.2 knows true and false"),
        ("run: [x]\n        timeout: 90", "90 has no unit (write 90s or 90m)"),
        ("run: [x]\n        timeout: {no_output: soon}", "'soon' is no duration"),
        ("run: [x]\n        workdir: ../y", "the path may not leave the build's directory"),
        ("run: [x]\n        workdir: /etc", "has to be relative"),
        ("run: [x, {secret: s}]", "{secret: …} can't stand here (a secret reaches a program through env only"),
        ("run: [x, {imput: s}]", "unknown value node 'imput', did you mean 'input'?"),
        ("run: [x, {input: a, matrix: b}]", "a value node has exactly one key, this has input, matrix"),
        ("run: []", "this list is empty: at least one entry is needed"),
        ("script: {expr: change.branch}", "a script is fixed text: nothing is put into it"),
        ("set_property: p", "needs 'value' or 'run'"),
        ("set_property: p\n        value: x\n        env: {A: b}", "'env' means something only with 'run'"),
        ("checkout: widget\n        method: clean", "method 'clean' means something in full mode only"),
        ("checkout: widget\n        filter: blobs", "'blobs' is no filter"),
        ("checkout: widget\n        sparse: [src]", "'sparse' is part of the format but not built in this version"),
        ("checkout: wiget", "there is no source 'wiget', did you mean 'widget'?"),
        ("upload: x\n        limit: 10", "10 has no unit"),
        ("upload: ../x", "may not leave the build's directory"),
        ("upload: /x", "has to be relative"),
        ("upload: x\n        to: '..'", "an artifact can't be named '..'"),
        ("upload: x\n        to: ' '", "an artifact can't be named ' '"),
        ("name: ''\n        run: [x]", "a step can't be named ''"),
        ("name: .\n        test_report: x", "a step can't be named '.'"),
        ("run: [x]\n        when: build.result", "this gives text, but true or false is needed"),
        ("run: [x, {property: p}]", "builder 'b' has no property 'p'"),
        ("run: [x, {matrix: os}]", "builder 'b' has no axis 'os'"),
        ("name: x\n        run: [x]\n      - name: x\n        run: [y]", "there are two steps named 'x'"),
    ],
)
def test_faults_of_steps(body: str, found: str) -> None:
    """Each trap and fault of a step is named."""
    assert found in messages(f"{BASE}builders:\n  b:\n    steps:\n      - {body}\n")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("{}", "has no steps: it needs 'steps' or 'use'"),
        ("{use: t}", "there is no template 't'"),
        ("{steps: [{run: [x]}], with: {a: 1}}", "'with' means something only with 'use'"),
        ("{steps: [{run: [x]}], locks: [l]}", "there is no lock 'l' (declare it under 'locks')"),
        ("{steps: [{run: [x]}], priority: high}", "expected a whole number, found text"),
        ("{steps: [{run: [x]}], priority: {expr: change.branch}}", "this gives text, but a whole number is needed"),
        ("{steps: [{run: [x]}], when: worker.name == 'x'}", "it isn't known yet when a build is asked for"),
        ("{steps: [{run: [x]}], when: inputs.x}", "unknown name 'inputs.x'"),
        ("{steps: [{run: [x]}], when: size(change.files) >}", "something is missing after '>'"),
        ("{steps: [{run: [x]}], when: change.branch == 1}", "'==' compares text with a whole number"),
        ("{steps: [{run: [x]}], collapse: no}", "'no' can't stand here"),
        ("{steps: [{run: [x]}], properties: {p: {property: q}}}", "builder 'b' has no property 'q'"),
        ("{steps: [{run: [x]}], artifacts: []}", "'artifacts' is part of the format but not built"),
        ("{steps: [{run: [x]}], matrix: {axes: {py: [3.10]}}}", "3.10 was read as the number 3.1: quote it"),
        ("{steps: [{run: [x]}], matrix: {axes: {py: [a, a]}}}", "'a' stands twice on the axis 'py'"),
        ("{steps: [{run: [x]}], matrix: {axes: {py: ['a,b']}}}", "'a,b' can't be a value of an axis"),
        ("{steps: [{run: [x]}], matrix: {axes: {py: [a]}, exclude: [{py: b}]}}", "'b' is not on the axis 'py'"),
        ("{steps: [{run: [x]}], matrix: {axes: {py: [a]}, exclude: [{py: a}]}}", "nothing is left of the matrix"),
        ("{steps: [{run: [x]}], matrix: {axes: {in: [a]}}}", "'in' is a reserved word"),
        (
            "{steps: [{run: [x]}], inputs: {i: {type: integer, default: x}}}",
            "expected a whole number, found the text 'x'",
        ),
        ("{steps: [{run: [x]}], inputs: {i: {pattern: '('}}}", "this is no pattern"),
        ("{steps: [{run: [x]}], inputs: {i: {type: list}}, env: {A: {input: i}}}", "'i' is a list of texts"),
    ],
)
def test_faults_of_builders(body: str, found: str) -> None:
    """Each fault of a builder is named."""
    assert found in messages(f"{BASE}builders:\n  b: {body}\n")


def test_the_place_inside_an_expression() -> None:
    """A fault of an expression on one line is reported at its character, quoted or not."""
    text = f"{BASE}builders:\n  b:\n    steps: [{{run: [x]}}]\n    when: true && foo\n    worker: 'worker.nme == 1'\n"
    assert problems(text) == ["6:19 unknown-variable", "7:14 unknown-variable"]


def test_a_matrix_has_a_limit() -> None:
    """A matrix that multiplies to too many cells is refused before it is expanded."""
    axes = ", ".join(f"a{n}: [{', '.join(f'v{v}' for v in range(20))}]" for n in range(4))
    text = f"{BASE}builders:\n  b:\n    steps: [{{run: [x]}}]\n    matrix: {{axes: {{{axes}}}}}\n"
    assert problems(text) == ["6:13 limit-matrix"]


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c id",
        "ext::sh",
        "--upload-pack=id",
        "https://user:secret@git.example/x",
        "https://token@git.example/x",
        "ssh://-oProxyCommand=id/x",
        "rsync://git.example/x",
        "widget",
        "ssh://-x@git.example/y",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    """Addresses that would run a command, show a credential or mean nothing are refused."""
    assert problems(f"version: 1\nsources: {{w: {{git: '{url}'}}}}\n") == ["2:20 repository"]


@pytest.mark.parametrize("url", ["https://h/x", "ssh://git@h:22/x", "git@h:x/y.git", "file:///x", "/srv"])
def test_addresses_that_are_taken(url: str) -> None:
    """Addresses of the usual kinds are taken."""
    assert loaded(f"version: 1\nsources: {{w: {{git: '{url}'}}}}\n").sources["w"].url.endswith(url)


def test_a_missing_secret_is_an_error_with_its_place() -> None:
    """A secret that isn't there is reported where it is named, with where it was looked for."""
    text = """\
    version: 1
    secrets: {provider: env, prefix: NO_SUCH_}
    builders:
      b:
        steps:
          - run: [x]
            env: {A: {secret: staging-db}}
    """
    assert problems(text, secrets_required=True) == ["7:27 missing-secret"]
    assert "NO_SUCH_STAGING_DB isn't set" in messages(text, secrets_required=True)
    assert loaded(text).secrets.provider == "env"


def test_a_secret_that_cannot_be_hidden_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is named, without its value and with what to do; `mask: false` declares that it may be seen."""
    monkeypatch.setenv("OWN_SHORT", "abc")
    monkeypatch.setenv("OWN_COMMON", "line of a key\ntest\n")
    text = """\
    version: 1
    secrets: {provider: env, prefix: OWN_}
    builders:
      b:
        steps:
          - run: [x]
            env:
              A: {secret: short}
              B: {secret: common}
    """
    assert problems(text, secrets_required=True) == ["8:23 secret-unmaskable", "9:23 secret-unmaskable"]
    said = messages(text, secrets_required=True)
    assert "secret 'short' has 3 bytes" in said
    assert "secret 'common' has a line that is a common word" in said
    assert "{secret: short, mask: false}" in said
    assert "abc" not in said
    declared = text.replace("short}", "short, mask: false}").replace("common}", "common, mask: false}")
    loaded(declared)
    assert problems(declared.replace("false", "maybe")) == ["8:36 type", "9:37 type"]


def test_warnings_do_not_stop_a_file() -> None:
    """A builder that no worker of the file can run is a warning."""
    text = f"{BASE}workers: {{w: {{labels: {{os: linux}}}}}}\nbuilders: {{b: {{steps: [{{run: [x]}}], worker: "
    assert loaded(text + "worker.labels.os == 'sun'}}").builders["b"].worker is not None
    assert "no worker of this file can run 'b'" in messages(text + "worker.labels.os == 'sun'}}\nx: 1")
