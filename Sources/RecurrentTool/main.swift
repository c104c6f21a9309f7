import Recurrent
let rnn = RNN<Float>(inputSize: 100, hiddenSize: 20, layerCount: 4)
print(rnn)
let x = Tensor<Float>.normal([10, 3, 100])
let (o, h) = try rnn(x)
print(o.shape, h.shape, o[9])
