#if OpenBLAS
  internal import COpenBLAS
#endif

/// The routines of OpenBLAS that the OpenBLAS backend calls, for one scalar type.
struct OpenBLASRoutines<Scalar>: Sendable {
  /// C ← A·Bᵀ + C for row-major A [m, k], B [n, k], C [m, n] with the given row lengths: `cblas_?gemm`.
  let multiplyByTransposed:
    @Sendable (
      _ m: Int32, _ n: Int32, _ k: Int32,
      _ a: UnsafePointer<Scalar>, _ lda: Int32, _ b: UnsafePointer<Scalar>,
      _ c: UnsafeMutablePointer<Scalar>, _ ldc: Int32
    ) -> Void
  /// C ← Aᵀ·B + C for row-major A [k, m], B [k, n], C [m, n] with the given row lengths: `cblas_?gemm`.
  let multiplyTransposed:
    @Sendable (
      _ m: Int32, _ n: Int32, _ k: Int32,
      _ a: UnsafePointer<Scalar>, _ lda: Int32, _ b: UnsafePointer<Scalar>, _ ldb: Int32,
      _ c: UnsafeMutablePointer<Scalar>, _ ldc: Int32
    ) -> Void
  /// y ← B·x + y for row-major B [n, k]: `cblas_?gemv`.
  let multiplyByVector:
    @Sendable (
      _ n: Int32, _ k: Int32, _ b: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>,
      _ y: UnsafeMutablePointer<Scalar>
    ) -> Void
}

extension OpenBLASRoutines<Float> {
  static let float: Self? = {
    #if OpenBLAS
      Self(
        multiplyByTransposed: { m, n, k, a, lda, b, c, ldc in
          cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, lda, b, k, 1, c, ldc)
        },
        multiplyTransposed: { m, n, k, a, lda, b, ldb, c, ldc in
          cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 1, c, ldc)
        },
        multiplyByVector: { n, k, b, x, y in
          cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1, b, k, x, 1, 1, y, 1)
        })
    #else
      nil
    #endif
  }()
}

extension OpenBLASRoutines<Double> {
  static let double: Self? = {
    #if OpenBLAS
      Self(
        multiplyByTransposed: { m, n, k, a, lda, b, c, ldc in
          cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, lda, b, k, 1, c, ldc)
        },
        multiplyTransposed: { m, n, k, a, lda, b, ldb, c, ldc in
          cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 1, c, ldc)
        },
        multiplyByVector: { n, k, b, x, y in
          cblas_dgemv(CblasRowMajor, CblasNoTrans, n, k, 1, b, k, x, 1, 1, y, 1)
        })
    #else
      nil
    #endif
  }()
}
