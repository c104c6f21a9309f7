import VectorKernels

/// The loops over a row of a softmax, at all lengths of a rest.
func softmaxCases<Scalar: Number>(_ kernels: KernelTable<Scalar>) {
  var generator = Generator(seed: 9)
  for count in Array(0...70) + [127, 128, 129, 500, 1023, 1024] {
    for isSpecial in [false, true] {
      let values: Values = isSpecial ? .special(oneIn: 30) : .uniform(exponent: count % 8)
      let (source, weights) = (
        Memory<Scalar>(count: count, values, &generator),
        Memory<Scalar>(count: count, .uniform(exponent: 0), &generator)
      )
      // Which limit a row with NaN gets is not said: its sum is NaN whatever it is.
      for index in 0..<count where source.base[index].isNaN { source.base[index] = 0 }
      let (row, distances) = (Memory<Scalar>(count: count), Memory<Scalar>(count: count))
      // The limit, a sum, and a factor, a scale and an offset.
      let numbers = Memory<Scalar>(count: 5, .uniform(exponent: 0), &generator)
      numbers.base[0] = -.infinity
      kernels.softmax.greatest(source.base, count, numbers.base)
      var digest = Digest()
      digest.add(numbers.base[0])
      kernels.softmax.exponentials(
        source.base, count, numbers.base, row.base, count % 3 == 0 ? -1 : count / 3, numbers.base + 1)
      digest.add(row)
      digest.add(numbers.base[1])
      kernels.softmax.scale(row.base, count, numbers.base + 2, isSpecial ? UnsafePointer(weights.base) : nil)
      digest.add(row)
      kernels.softmax.distances(
        source.base, count, numbers.base, isSpecial ? nil : UnsafePointer(weights.base), distances.base,
        numbers.base + 1)
      digest.add(distances)
      digest.add(numbers.base[1])
      printCase("softmax \(isSpecial ? "special" : "uniform") count \(count)", digest, Scalar.self)
    }
  }
}
