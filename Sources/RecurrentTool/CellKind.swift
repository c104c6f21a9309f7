import ArgumentParser
import Recurrent

/// `--cell`: what a layer's cells compute.
enum CellKind: String, ExpressibleByArgument, CaseIterable, Sendable {
  case rnn, lstm, gru

  /// The kind that the names and shapes of a model tell.
  init(_ cell: Architecture.Cell) {
    switch cell {
    case .plain: self = .rnn
    case .lstm: self = .lstm
    case .gru: self = .gru
    }
  }

  /// G: the blocks of H rows in the weights.
  var gateCount: Int {
    switch self {
    case .rnn: Architecture.Cell.plain.gateCount
    case .lstm: Architecture.Cell.lstm.gateCount
    case .gru: Architecture.Cell.gru.gateCount
    }
  }

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
