import Recurrent

/// A digest of the bits of all numbers, in their order: FNV-1a, by bytes.
public func digest<Scalar: TensorScalar>(ofBits numbers: [[Scalar]]) -> String {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for numbers in numbers {
    numbers.withUnsafeBytes { bytes in
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
  }
  return String(hash, radix: 16)
}
