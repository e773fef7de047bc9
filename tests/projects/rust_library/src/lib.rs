//! y = a x + y, for callers of C.

#[cfg(target_arch = "aarch64")]
mod vectors {
    use core::arch::aarch64::*;

    pub const LANES: usize = 4;

    /// # Safety
    /// `x` and `y` point to `LANES` elements.
    #[target_feature(enable = "neon")]
    #[inline]
    pub unsafe fn axpy(a: f32, x: *const f32, y: *mut f32) {
        vst1q_f32(y, vfmaq_n_f32(vld1q_f32(y), vld1q_f32(x), a));
    }
}

#[cfg(target_arch = "x86_64")]
mod vectors {
    use core::arch::x86_64::*;

    pub const LANES: usize = 8;

    /// # Safety
    /// `x` and `y` point to `LANES` elements.
    #[target_feature(enable = "avx2,fma")]
    #[inline]
    pub unsafe fn axpy(a: f32, x: *const f32, y: *mut f32) {
        _mm256_storeu_ps(y, _mm256_fmadd_ps(_mm256_set1_ps(a), _mm256_loadu_ps(x), _mm256_loadu_ps(y)));
    }
}

/// # Safety
/// `x` and `y` point to `n` elements, and do not overlap.
#[no_mangle]
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
pub unsafe extern "C" fn rust_axpy(a: f32, x: *const f32, y: *mut f32, n: usize) {
    let (x, y) = (core::slice::from_raw_parts(x, n), core::slice::from_raw_parts_mut(y, n));
    let whole = n - n % vectors::LANES;
    for i in (0..whole).step_by(vectors::LANES) {
        vectors::axpy(a, x[i..].as_ptr(), y[i..].as_mut_ptr());
    }
    for (x, y) in x[whole..].iter().zip(&mut y[whole..]) {
        *y += a * x;
    }
}
