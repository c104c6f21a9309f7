/// The states from which a part of a sequence starts.
struct SegmentStart<Scalar: TensorScalar>: Sendable {
  /// `[L·D, B, P]`.
  var state: [Scalar]
  /// `[L·D, B, H]`; empty for cells that carry no cell state.
  var cellState: [Scalar]
}

/// The same for a backward pass.
struct BackwardStates<Scalar> {
  /// `[L·D, B, P]`.
  let states: UnsafePointer<Scalar>
  /// `[L·D, B, H]`; `nil` for cells that carry no cell state.
  let cellStates: UnsafePointer<Scalar>?
}

/// Where a backward pass sums and carries gradients.
struct BackwardTargets<Scalar: TensorScalar> {
  /// `[L·D, B, P]`: of the final states before it, of the initial ones after it.
  let states: UnsafeMutablePointer<Scalar>
  /// `[L·D, B, H]`; `nil` for cells without gates.
  let cellStates: UnsafeMutablePointer<Scalar>?
  /// `[N, I]`.
  var input: UnsafeMutablePointer<Scalar>
  let parameters: [CellGradientMemory<Scalar>]
}

extension StackCall {
  /// Runs the backward pass: one through all layers, or in both directions two through each.
  ///
  /// - Parameters:
  ///   - input: `[N, I]`, time-major.
  ///   - output: `[N, D·P]`.
  ///   - start: The states from which the forward pass started.
  ///   - outputGradient: `[N, D·P]`; zeros if `nil`.
  ///   - targets: Where the gradients go.
  ///   - saved: What the forward pass has saved.
  ///   - transposes: The weights for the backward pass.
  func backward(
    _ input: ArraySlice<Scalar>, _ output: ArraySlice<Scalar>, from start: SegmentStart<Scalar>,
    outputGradient: ArraySlice<Scalar>?, _ targets: BackwardTargets<Scalar>,
    _ saved: SavedActivations<Scalar>, _ transposes: [PreparedCellTranspose<Scalar>]
  ) {
    input.withUnsafeBufferPointer { input in
      output.withUnsafeBufferPointer { output in
        start.state.withUnsafeBufferPointer { states in
          start.cellState.withUnsafeBufferPointer { cellStates in
            (outputGradient ?? []).withUnsafeBufferPointer { gradient in
              guard let input = input.baseAddress, let output = output.baseAddress,
                let states = states.baseAddress
              else { return }
              backward(
                input, output,
                BackwardStates(
                  states: states, cellStates: stack.kind.carriesMemory ? cellStates.baseAddress : nil),
                outputGradient == nil ? nil : gradient.baseAddress, targets, saved, transposes)
            }
          }
        }
      }
    }
  }

  private func backward(
    _ input: UnsafePointer<Scalar>, _ output: UnsafePointer<Scalar>, _ initial: BackwardStates<Scalar>,
    _ outputGradient: UnsafePointer<Scalar>?, _ targets: BackwardTargets<Scalar>,
    _ saved: SavedActivations<Scalar>, _ transposes: [PreparedCellTranspose<Scalar>]
  ) {
    guard stack.directions == .forward else {
      return backwardInBothDirections(input, output, initial, outputGradient, targets, saved, transposes)
    }
    let shape = shape()
    let lower = (0..<(stack.layerCount - 1)).map { saved.output(ofLayer: $0) }
    BackwardPass(
      stack: ready, transposes: transposes[...], shape: shape, schedule: schedule, direction: .forward,
      plan: backwardPlan(shape), input: input, outputs: lower + [output], outputStride: stack.stateSize,
      savedGates: saved.gates, initialStates: initial.states, initialCellStates: initial.cellStates,
      outputGradient: outputGradient, stateGradients: targets.states, cellStateGradients: targets.cellStates,
      parameterGradients: targets.parameters[...], inputGradient: targets.input, dropped: saved.dropped,
      zoneout: zoneout
    ).run(execution)
  }

  func backwardPlan(_ shape: ForwardShape) -> BackwardPlan {
    execution.backwardPlan
      ?? BackwardPlan(
        shape, backend: ready.engine.backend, panelWidth: ready.engine.panelWidth,
        threadCount: execution.threadCount,
        nanosecondsPerBarrier: { ThreadPool.shared.nanosecondsPerBarrier })
  }
}
