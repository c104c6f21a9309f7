import Recurrent
import Testing

@Suite struct TensorDescriptionTests {
  @Test("rows stand under each other in columns of one width")
  func matrix() throws {
    let tensor = try Tensor<Float>([0.5, -1, 12.25, 3], shape: [2, 2])
    #expect(tensor.description == "[[ 0.5000, -1.0000],\n [12.2500,  3.0000]]")
  }

  @Test("matrices of a rank 3 tensor are parted by an empty line")
  func rankThree() throws {
    let tensor = try Tensor<Double>([1, 2, 3, 4], shape: [2, 1, 2])
    #expect(tensor.description == "[[[1.0000, 2.0000]],\n\n [[3.0000, 4.0000]]]")
  }

  @Test("ranks 0 and 1, no elements, and numbers that are none have a description")
  func special() {
    #expect(Tensor<Float>(2.5).description == "2.5000")
    #expect(Tensor<Float>([1, 2]).description == "[1.0000, 2.0000]")
    #expect(Tensor<Float>([]).description == "[]")
    #expect(Tensor<Float>([.infinity, 1]).description == "[   inf, 1.0000]")
    #expect(Tensor<Float>([.nan]).description.contains("nan"))
  }

  @Test("magnitudes that four digits behind the point do not suit get an exponent")
  func exponents() {
    #expect(Tensor<Double>([1e-5, 1]).description == "[1.0000e-05, 1.0000e+00]")
    #expect(Tensor<Double>([1e6]).description == "[1.0000e+06]")
    #expect(Tensor<Double>([99999, 0]).description == "[99999.0000,     0.0000]")
  }

  @Test("a long axis is cut to three elements at each end, from a thousand elements on")
  func summarized() {
    let long = Tensor<Float>.counting([1001]).description
    #expect(
      long
        == "[   0.0000,    1.0000,    2.0000, …,  998.0000,  999.0000, 1000.0000]")
    #expect(!Tensor<Float>.counting([1000]).description.contains("…"))
    let matrix = Tensor<Float>.counting([7, 143 * 2]).description
    #expect(matrix.split(separator: "\n").count == 7)
    #expect(matrix.contains("…,\n"))
    let short = Tensor<Float>.counting([2, 501]).description
    #expect(short.split(separator: "\n").count == 2)
  }
}
