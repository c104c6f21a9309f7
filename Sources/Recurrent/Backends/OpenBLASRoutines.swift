#if OpenBLAS
  internal import COpenBLAS
#endif

/// The routines of OpenBLAS that the OpenBLAS backend calls, for one scalar type.
struct OpenBLASRoutines<Scalar>: Sendable {
  /// C ← A·Bᵀ + C for row-major A [m, k], B [n, k], C [m, n] with the given row lengths:
  /// `cblas_?gemm`.
  let multiplyByTransposed:
    @Sendable (
      _ m: Int32, _ n: Int32, _ k: Int32,
      _ a: UnsafePointer<Scalar>, _ lda: Int32, _ b: UnsafePointer<Scalar>,
      _ c: UnsafeMutablePointer<Scalar>, _ ldc: Int32
    ) -> Void
  /// C ← Aᵀ·B + C for row-major A [k, m], B [k, n], C [m, n] with the given row lengths:
  /// `cblas_?gemm`.
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
          requireStrides(m, n, k, a: (lda, k), b: (k, k), c: ldc)
          cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, lda, b, k, 1, c, ldc)
        },
        multiplyTransposed: { m, n, k, a, lda, b, ldb, c, ldc in
          requireStrides(m, n, k, a: (lda, m), b: (ldb, n), c: ldc)
          cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 1, c, ldc)
        },
        multiplyByVector: { n, k, b, x, y in
          requireStrides(n, 1, k, a: (k, k), b: (1, 1), c: 1)
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
          requireStrides(m, n, k, a: (lda, k), b: (k, k), c: ldc)
          cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, lda, b, k, 1, c, ldc)
        },
        multiplyTransposed: { m, n, k, a, lda, b, ldb, c, ldc in
          requireStrides(m, n, k, a: (lda, m), b: (ldb, n), c: ldc)
          cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 1, c, ldc)
        },
        multiplyByVector: { n, k, b, x, y in
          requireStrides(n, 1, k, a: (k, k), b: (1, 1), c: 1)
          cblas_dgemv(CblasRowMajor, CblasNoTrans, n, k, 1, b, k, x, 1, 1, y, 1)
        })
    #else
      nil
    #endif
  }()
}

#if OpenBLAS
  /// Checks what BLAS demands of sizes and leading dimensions. It would print a line for a call
  /// that it refuses, and return as if it had computed something.
  private func requireStrides(
    _ m: Int32, _ n: Int32, _ k: Int32, a: (stride: Int32, row: Int32), b: (stride: Int32, row: Int32),
    c stride: Int32
  ) {
    precondition(m >= 0 && n >= 0 && k >= 0, "a product of a negative size")
    precondition(
      a.stride >= max(1, a.row) && b.stride >= max(1, b.row) && stride >= max(1, n),
      "rows that are longer than the distance between them")
  }
#endif
