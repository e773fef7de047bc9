"""Every key of a manifest is documented, and does what the document says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.project import load_project
from harness.project.manifest import DEFAULTS_KEYS, EXPECTED_KEYS, KERNEL_KEYS, MANIFEST_KEYS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "manifest.md").read_text()
KERNEL = """[[kernel]]
op = "rms_norm_f32"
isa = "sve"
sources = ["k.c"]
symbol = "f"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("k.c", "shared.cpp", "k.rs"):
        (tmp_path / name).write_text("")
    (tmp_path / "include").mkdir()
    return tmp_path


def manifest(folder: Path, text: str, name: str = "harness.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def documented(heading: str) -> dict[str, str]:
    section = DOCUMENT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"(?m)^\| `(\w+)` \| ([^|]+?) \|", section))


def test_the_document_has_every_key_with_what_it_must_be() -> None:
    assert documented("At the top") == MANIFEST_KEYS
    assert documented("`[[kernel]]`") == KERNEL_KEYS
    assert KERNEL_KEYS.keys() - DEFAULTS_KEYS.keys() == {"name", "symbol", "prototype", "adapter", "expected"}
    assert documented("`expected`") == EXPECTED_KEYS


def test_defaults_are_joined_to_what_a_kernel_says(folder: Path) -> None:
    defaults = """[defaults]
op = "rms_norm_f32"
isa = "sve"
sources = ["shared.cpp"]
includes = ["include"]
defines = ["A=1"]
flags = ["-ffast-math"]
libraries = ["dl"]
over_read = {row = 3}
waived = {gate = "of all"}
[[kernel]]
isa = "neon"
sources = ["k.c"]
symbol = "f"
defines = ["B"]
waived = {gate = "its own"}
"""
    (kernel,) = load_project(manifest(folder, defaults), folder).kernels
    assert (kernel.id, [source.name for source in kernel.sources]) == ("rms_norm_f32/neon", ["shared.cpp", "k.c"])
    said = kernel.compilation
    assert said.includes == (folder / "include",)
    assert (said.defines, said.flags, said.libraries) == (("A=1", "B"), ("-ffast-math",), ("dl",))
    assert kernel.conventions.over_read == {"row": 3}
    assert kernel.conventions.waived["gate"] == "its own"


def test_features_are_found_in_the_architectures_names_as_people_write_them(folder: Path) -> None:
    text = KERNEL + 'features = ["DotProd", "SVE2_BITPERM", "dotprod"]'
    (kernel,) = load_project(manifest(folder, text), folder).kernels
    assert kernel.features == ("dotprod", "sve2-bitperm")
    assert kernel.compilation.flags == ()
    (scalar,) = load_project(manifest(folder, text.replace("sve", "scalar", 1)), folder).kernels
    assert scalar.features == ("dotprod", "sve2-bitperm")


def test_a_table_of_pyproject_is_a_manifest(folder: Path) -> None:
    text = '[project]\nname = "x"\n' + KERNEL.replace("[[kernel]]", "[[tool.harness.kernel]]")
    path = manifest(folder, text, "pyproject.toml")
    project = load_project(None, folder / "include")
    assert (project.manifest, project.root, project.kernels[0].id) == (path, folder, "rms_norm_f32/sve")
    manifest(folder, KERNEL + 'name = "own"')
    assert load_project(None, folder / "include").kernels[0].id == "rms_norm_f32/own"


def test_a_pyproject_without_the_table_is_passed_by(folder: Path) -> None:
    manifest(folder, KERNEL)
    manifest(folder / "include", '[project]\nname = "x"\n', "pyproject.toml")
    assert load_project(None, folder / "include").root == folder


DEFAULTS = "[defaults]\n"
MISTAKES = [
    # no TOML, no kernel
    ("[[kernel]\n", ": not valid TOML: "),
    ("", ": names no kernel; add a [[kernel]] table with op, isa, sources and symbol"),
    ("kernel = []", ":1: names no kernel; "),
    # keys
    ("contract = []\n" + KERNEL, ":1: unknown key 'contract' in the manifest (perhaps you meant 'contracts')"),
    (KERNEL + 'include = ["include"]', ":6: unknown key 'include' in [[kernel]] (perhaps you meant 'includes')"),
    (KERNEL + 'compiler = "gcc"', ":6: unknown key 'compiler' in [[kernel]]; known: op, isa, sources, targets"),
    (DEFAULTS + 'symbol = "f"\n' + KERNEL, ":2: unknown key 'symbol' in [defaults]; known: op, isa, sources"),
    (KERNEL.replace("symbol", "symbl"), ":5: unknown key 'symbl' in [[kernel]] (perhaps you meant 'symbol')"),
    (KERNEL.replace('isa = "sve"\n', ""), ":1: [[kernel]] number 1 has no 'isa'"),
    (KERNEL + KERNEL.replace('op = "rms_norm_f32"\n', ""), ":6: [[kernel]] number 2 has no 'op'"),
    (KERNEL.replace('["k.c"]', "[]"), ":1: [[kernel]] number 1 has no 'sources'"),
    (
        KERNEL + 'features = ["dotprodd"]',
        ":6: 'features': unknown 'dotprodd' (perhaps you meant 'dotprod'); known: aes, ",
    ),
    (KERNEL + 'features = ["avx2"]', ":6: 'features': unknown 'avx2'; known: aes, "),
    # values of another kind
    ('[kernel]\nop = "x"', ":1: 'kernel' in the manifest must be an array of tables, not {'op': 'x'}"),
    ('contracts = "c.py"\n' + KERNEL, ":1: 'contracts' in the manifest must be a list of strings, not 'c.py'"),
    (KERNEL.replace('"sve"', "128"), ":3: 'isa' in [[kernel]] must be a string, not 128"),
    (KERNEL.replace('["k.c"]', '"k.c"'), ":4: 'sources' in [[kernel]] must be a list of strings, not 'k.c'"),
    (KERNEL + "defines = {A = 1}", ":6: 'defines' in [[kernel]] must be a list of strings, not {'A': 1}"),
    (KERNEL + 'over_read = {row = "3"}', ":6: 'over_read' in [[kernel]] must be a table of numbers, not"),
    (KERNEL + 'waived = ["gate"]', ":6: 'waived' in [[kernel]] must be a table of strings, not ['gate']"),
    ("defaults = 1\n" + KERNEL, ":1: 'defaults' in the manifest must be a table, not 1"),
    # names that nothing has
    (KERNEL.replace('"sve"', '"sev"'), ":3: unknown isa 'sev' (perhaps you meant 'sve'); known: "),
    (
        KERNEL.replace("rms_norm", "rmsnorm"),
        ":2: no contract for the op 'rmsnorm_f32' (perhaps you meant 'rms_norm_f32')",
    ),
    (KERNEL.replace("k.c", "l.c"), ":4: no such source file: {folder}/l.c"),
    (KERNEL.replace("k.c", "k.rs"), ":4: 'sources': 'k.rs' is none of .c, .cc, .cpp, .cxx, .s, .S, .o, .a; build a"),
    ('contracts = ["c.py"]\n' + KERNEL, ":1: 'contracts': no such file: {folder}/c.py"),
    (KERNEL + 'includes = ["inc"]', ":6: 'includes': no such directory: {folder}/inc"),
    (DEFAULTS + 'includes = ["inc"]\n' + KERNEL, ":2: 'includes': no such directory: {folder}/inc"),
    (KERNEL + 'targets = ["a64xf"]', ":6: 'targets': unknown target 'a64xf' (perhaps you meant 'a64fx'); see"),
    (KERNEL + 'targets = ["avx2"]', ":6: 'targets': avx2 does not run sve code; "),
    (KERNEL + 'waived = {gat = "x"}', ":6: waived: no check is called 'gat' (perhaps you meant 'gate')"),
    (KERNEL + "over_read = {rwo = 3}", ":6: over_read: 'rwo' is no buffer (perhaps you meant 'row')"),
    (KERNEL + 'requires = ["ln % 4 == 0"]', ":6: requirement"),
    (
        KERNEL + 'expected = {outcome = "MISMATH", reason = "x"}',
        ":6: 'expected': no failure is called 'MISMATH' (perhaps",
    ),
    (KERNEL + 'expected = {outcome = "PASS", reason = "x"}', ":6: 'expected': no failure is called 'PASS'"),
    (KERNEL + 'expected = {outcome = "CRASH"}', ":6: 'expected' needs a reason"),
    (KERNEL + '[kernel.expected]\noutcome = "CRASH"\nresaon = "x"', ":8: unknown key 'resaon' in 'expected' (perhaps"),
    (KERNEL + 'expected = {outcome = "CRASH", reason = "x", on = ["svee"]}', ":6: 'expected': unknown target 'svee'"),
    (
        KERNEL + 'expected = {outcome = "CRASH", reason = "x", on = 128}',
        ":6: 'on' in 'expected' must be a list of targets",
    ),
    # values that cannot be
    (KERNEL + 'waived = {gate = ""}', ":6: waived: 'gate' needs a reason"),
    (KERNEL + "[kernel.alignment]\nrow = 48", ":6: alignment: 'row' needs a power of two up to 4096 bytes, not 48"),
    (KERNEL.replace('"f"', '"f()"'), ":5: 'f()' is no C symbol"),
    (KERNEL + 'name = "a b"', ":6: the name 'a b' may only hold letters, digits, '-', '_' and '.'"),
    (KERNEL + KERNEL, ":6: two kernels are called 'rms_norm_f32/sve'; give one a name = \"...\""),
    (KERNEL + 'prototype = "void f(float *x)"', ":6: void f(float *x) has 1 parameters, "),
    (KERNEL + 'prototype = "svfloat32_t f(svfloat32_t, svbool_t)"', ":6: rms_norm_f32 is no map: a kernel on vectors"),
    (KERNEL + 'prototype = "__m256 f(__m256 x)"', ":6: __m256 is no vector that sve kernels have"),
    (KERNEL + 'adapter = "glue.cpp"', ":6: 'adapter': 'glue.cpp' is no C file (.c)"),
    (KERNEL + 'adapter = "glue.c"', ":6: no such adapter: {folder}/glue.c"),
    (KERNEL + 'adapter = "k.c"', ":6: 'adapter': {folder}/k.c never calls the kernel by HARNESS_CALL(...)"),
    (KERNEL + 'defines = ["-DA"]', ":6: 'defines': '-DA' is not NAME or NAME=value"),
    (KERNEL + 'flags = ["fast-math"]', ":6: 'flags': 'fast-math': write one flag per element"),
    (KERNEL + 'flags = ["-mfma -mavx2"]', ":6: 'flags': '-mfma -mavx2': write one flag per element"),
    (KERNEL + 'flags = ["-O3"]', ":6: 'flags': '-O3': optimisation levels are chosen by --opt"),
    (KERNEL + 'flags = ["-Iinclude"]', ":6: 'flags': '-Iinclude': include paths belong into 'includes'"),
    (KERNEL + 'flags = ["-DA=1"]', ":6: 'flags': '-DA=1': definitions belong into 'defines'"),
    (KERNEL + 'flags = ["-lm"]', ":6: 'flags': '-lm': libraries belong into 'libraries'"),
    (KERNEL + 'flags = ["-flto"]', ":6: 'flags': '-flto': leave it out: objects must hold machine code"),
    (KERNEL + 'flags = ["-shared"]', ":6: 'flags': '-shared': what becomes of the sources is not open to choice"),
    (KERNEL + 'libraries = ["-lm"]', ":6: 'libraries': '-lm': write 'm'"),
    (KERNEL + 'libraries = ["libk.a"]', ":6: 'libraries': 'libk.a': a library of the system by its name"),
    (KERNEL + 'libraries = [\n    "m",\n    "not this",\n]', ":6: 'libraries': 'not this': the name of a library"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_told_with_file_line_and_key(folder: Path, text: str, message: str) -> None:
    path = manifest(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        load_project(path, folder)
    reported = str(caught.value)
    assert reported.startswith(f"{path}{message}".replace("{folder}", str(folder)))
    assert "\n" not in reported


def test_there_are_thirty_different_mistakes() -> None:
    assert len({text for text, _ in MISTAKES}) == len(MISTAKES) >= 30


def test_mistakes_in_pyproject_name_its_lines(folder: Path) -> None:
    text = '[project]\nsymbol = 1\nname = "x"\n[tool.harness.defaults]\nisa = "sev"\n'
    path = manifest(
        folder, text + KERNEL.replace("[[k", "[[tool.harness.k").replace('isa = "sve"\n', ""), "pyproject.toml"
    )
    with pytest.raises(ConfigurationError, match=re.escape(f"{path}:5: unknown isa 'sev'")):
        load_project(None, folder)
    manifest(folder, text.replace("[tool.harness.defaults]", "[tool.other]"), "pyproject.toml")
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml: has no \[tool\.harness\]"):
        load_project(path, folder)
