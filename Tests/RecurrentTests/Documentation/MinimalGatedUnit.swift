import Recurrent

/// The worked example of the article on custom cells.
struct MinimalGatedUnit<Scalar: TensorScalar>: CustomCell {
  var gateCount: Int { 2 }
  // What the derivative needs beside the gates: the sum of the state that f scales.
  var keptVectorCount: Int { 1 }

  func forward(_ row: CustomCellRow<Scalar>) {
    let (f, n, sum) = (row.gate(0), row.gate(1), row.kept(0))
    for u in 0..<row.hiddenSize {
      f[u] += row.recurrentSum(0)[u]
      sum[u] = row.recurrentSum(1)[u]
    }
    row.functions.sigmoid(f)
    for u in 0..<row.hiddenSize { n[u] += f[u] * sum[u] }
    row.functions.tanh(n)
    for u in 0..<row.hiddenSize { row.output[u] = (1 - f[u]) * row.state[u] + f[u] * n[u] }
  }
}

extension MinimalGatedUnit: DifferentiableCustomCell {
  func backward(_ row: CustomCellRowGradient<Scalar>) {
    let (f, n, sum) = (row.gate(0), row.gate(1), row.kept(0))
    for u in 0..<row.hiddenSize {
      let dh = row.outputGradient[u]
      let dn = dh * f[u] * (1 - n[u] * n[u])
      let df = (dh * (n[u] - row.state[u]) + dn * sum[u]) * f[u] * (1 - f[u])
      row.gateGradient(0)[u] = df
      row.gateGradient(1)[u] = dn
      row.recurrentSumGradient(0)[u] = df
      row.recurrentSumGradient(1)[u] = dn * f[u]
      row.stateGradient[u] += dh * (1 - f[u])
    }
  }
}
