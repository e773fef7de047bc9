"""A stranger's kernel: by its file alone, or after `harness init`, to a verdict."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.conftest import Harness

ONE = ("--cc", "gcc", "--opt", "O2", "--build", "plain", "--suite", "boundary")

SVE = """#include <arm_sve.h>
#include <math.h>
#include <stdint.h>

void sve_rms_norm_f32_kernel(float *buf, int64_t n, float eps) {
    svfloat32_t squares = svdup_n_f32(0.0f);
    for (int64_t i = 0; i < n; i += (int64_t)svcntw()) {
        const svbool_t active = svwhilelt_b32_s64(i, n);
        const svfloat32_t x = svld1_f32(active, buf + i);
        squares = svmla_f32_m(active, squares, x, x);
    }
    const float scale = 1.0f / sqrtf(svaddv_f32(svptrue_b32(), squares) / (float)n + eps);
    for (int64_t i = 0; i < n; i += (int64_t)svcntw()) {
        const svbool_t active = svwhilelt_b32_s64(i, n);
        svst1_f32(active, buf + i, svmul_n_f32_x(active, svld1_f32(active, buf + i), scale));
    }
}
"""
AVX2_IN_CPP = """#include <cstddef>
#include <immintrin.h>

namespace fast {
static __m256 twice(__m256 x) { return _mm256_add_ps(x, x); }

float sum(const float *x, std::size_t n) {
    __m256 total = _mm256_setzero_ps();
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8)
        total = _mm256_add_ps(total, _mm256_loadu_ps(x + i));
    (void)twice;
    float lanes[8], answer = 0;
    _mm256_storeu_ps(lanes, total);
    for (float lane : lanes)
        answer += lane;
    for (; i < n; i++)
        answer += x[i];
    return answer;
}
} // namespace fast
"""


def test_a_file_alone_gives_a_verdict_and_its_reproduce_line_works(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "k.c").write_text(
        SVE.replace("i < n; i += (int64_t)svcntw()) {", "i < n - 1; i += (int64_t)svcntw()) {", 1)
    )
    done = harness("run", "k.c", "--svl", "256", *ONE, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.startswith("taking k.c as sve rms_norm_f32, symbol sve_rms_norm_f32_kernel, void ")
    line = re.findall(r"reproduce: (.*)", done.stdout)[0]
    words = shlex.split(line.partition(" run ")[2])
    assert words[:7] == ["k.c", "--op", "rms_norm_f32", "--symbol", "sve_rms_norm_f32_kernel", "--isa", "sve"]
    again = harness("run", *words, cwd=tmp_path)
    assert again.returncode == 1
    assert "0 of 1 cases passed" in again.stdout
    assert again.stderr == "", "nothing was left to infer"
    last = harness("run", "k.c", "--last-failed", "--svl", "256", *ONE[:6], cwd=tmp_path)
    assert last.returncode == 1, last.stdout + last.stderr


def test_a_mangled_function_of_cpp_is_found_and_called(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "k.cpp").write_text(AVX2_IN_CPP)
    done = harness("run", "k.cpp", *ONE, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as avx2 sum_f32, symbol _ZN4fast3sumEPKfm" in done.stderr


def test_init_and_run_in_a_folder_with_one_kernel_give_a_verdict(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "kernel.c").write_text(SVE)
    assert harness("init", cwd=tmp_path).returncode == 0
    done = harness("run", "--svl", "128", *ONE, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 of 100 cases passed; vector lengths attested by the guest: 128 bits" in done.stdout


def test_until_a_drafted_contract_is_filled_in_it_is_a_contract_error(harness: Harness, tmp_path: Path) -> None:
    text = "#include <arm_neon.h>\nvoid relu6(float *out, const float *x, long n) { (void)vdupq_n_f32(x[n - 1]); }\n"
    (tmp_path / "k.c").write_text(text)
    assert harness("init", cwd=tmp_path).returncode == 0
    done = harness("run", "--case", "boundary/n1", *ONE[:6], cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "CONTRACT_ERROR  relu6/neon" in done.stdout
    assert "write what relu6 computes into this contract" in done.stdout
