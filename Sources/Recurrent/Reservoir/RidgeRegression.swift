/// Linear regression with a penalty on the weights, by QR.
///
/// W and c minimize ‖S·Wᵀ + 1·cᵀ − Y‖²_F + λ·‖W‖²_F, the intercept c being free. This is the
/// least-squares problem of the augmented matrix
///
///     [ S     1 ]          [ Y ]
///     [ √λ·I  0 ]   beside [ 0 ]
///
/// whose condition number is the square root of that of SᵀS + λ·I. States of a reservoir are so
/// nearly dependent that SᵀS loses all the small singular values which a penalty of 10⁻⁸ and less
/// leaves to matter; QR of the augmented matrix keeps them.
///
/// | rejected                              | why                                                                 |
/// | ------------------------------------- | ------------------------------------------------------------------- |
/// | Cholesky of SᵀS + λ·I                 | half the operations, half the digits; fails where λ < u·‖S‖²          |
/// | singular values                       | as accurate, all penalties from one factorization; 4 times as slow   |
///
/// Source: Å. Björck, "Numerical methods for least squares problems" (1996), § 2.7; Golub & Van
/// Loan, Matrix Computations (4th ed.), § 6.1.4.
enum RidgeRegression {
  /// What a regression gives.
  struct Solution {
    /// W, [targets, features], row-major.
    var weights: [Double]
    /// c, [targets].
    var intercepts: [Double]
  }

  /// Solves the regression.
  ///
  /// - Parameters:
  ///   - features: S, [rows, featureCount], row-major.
  ///   - targets: Y, [rows, targetCount], row-major.
  ///   - rows: The number of rows.
  ///   - penalty: λ ≥ 0.
  ///   - backend: Who factorizes.
  /// - Returns: The weights and intercepts; `nil` where an entry is not finite, or where S with its
  ///   column of ones has not full rank and λ is 0.
  /// - Complexity: 2·(rows + features/2)·features² operations and more memory than two copies of S.
  static func solve(
    features: [Double], targets: [Double], rows: Int, penalty: Double, backend: Backend
  ) -> Solution? {
    precondition(rows > 0 && penalty >= 0 && features.count.isMultiple(of: rows))
    let featureCount = features.count / rows
    let targetCount = targets.count / rows
    let columns = featureCount + 1
    let augmentedRows = rows + (penalty > 0 ? featureCount : 0)
    guard augmentedRows >= columns else { return nil }
    var matrix: [Double] = []
    matrix.reserveCapacity(augmentedRows * columns)
    for row in 0..<rows {
      matrix += features[(row * featureCount)..<((row + 1) * featureCount)]
      matrix.append(1)
    }
    matrix += [Double](repeating: 0, count: (augmentedRows - rows) * columns)
    for feature in 0..<(augmentedRows - rows) {
      matrix[(rows + feature) * columns + feature] = penalty.squareRoot()
    }
    let zeros = [Double](repeating: 0, count: (augmentedRows - rows) * targetCount)
    let solution = Factorizations(backend).leastSquares(
      matrix, augmentedRows, columns, rightHandSides: targets + zeros, targetCount)
    guard let solution else { return nil }
    let weights = (0..<targetCount).flatMap { target in
      (0..<featureCount).map { solution[$0 * targetCount + target] }
    }
    return Solution(weights: weights, intercepts: Array(solution.suffix(targetCount)))
  }
}
