import ArgumentParser
import Recurrent

/// The cells of a layer, by the names that options give them.
typealias CellKind = Architecture.Cell

extension Architecture.Cell: ExpressibleByArgument {
  /// PyTorch's name of such a layer or cell.
  func name(of form: Architecture.Kind) -> String { rawValue.uppercased() + (form == .cell ? "Cell" : "") }

  /// Loads a layer.
  ///
  /// - Parameters:
  ///   - parameters: PyTorch's names and shapes.
  ///   - nonlinearity: That of plain cells.
  ///   - batchFirst: Whether sequences are `[B, T, …]`.
  /// - Returns: The layer.
  /// - Throws: What the initializers from a state dictionary throw.
  func layer<Scalar>(
    _ parameters: StateDictionary<Scalar>, nonlinearity: Nonlinearity, batchFirst: Bool
  ) throws(RecurrentError) -> any RecurrentLayer<Scalar> {
    switch self {
    case .rnn: try RNN(stateDictionary: parameters, nonlinearity: nonlinearity, batchFirst: batchFirst)
    case .lstm: try LSTM(stateDictionary: parameters, batchFirst: batchFirst)
    case .gru: try GRU(stateDictionary: parameters, batchFirst: batchFirst)
    }
  }

  /// Loads a cell alone.
  ///
  /// - Parameters:
  ///   - parameters: PyTorch's names and shapes.
  ///   - nonlinearity: That of a plain cell.
  /// - Returns: The cell.
  /// - Throws: What the initializers from a state dictionary throw.
  func cell<Scalar>(
    _ parameters: StateDictionary<Scalar>, nonlinearity: Nonlinearity
  ) throws(RecurrentError) -> any RecurrentCell<Scalar> {
    switch self {
    case .rnn: try RNNCell(stateDictionary: parameters, nonlinearity: nonlinearity)
    case .lstm: try LSTMCell(stateDictionary: parameters)
    case .gru: try GRUCell(stateDictionary: parameters)
    }
  }

  /// Draws the parameters of a layer that reads forward.
  func layer<Scalar: TensorScalar>(
    inputSize: Int, hiddenSize: Int, layerCount: Int, using generator: inout SeededGenerator
  ) -> any DifferentiableRecurrentLayer<Scalar> {
    switch self {
    case .rnn:
      RNN<Scalar>(
        inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, using: &generator)
    case .lstm:
      LSTM<Scalar>(
        inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, using: &generator)
    case .gru:
      GRU<Scalar>(
        inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, using: &generator)
    }
  }
}
