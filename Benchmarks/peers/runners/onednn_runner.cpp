// oneDNN's primitives `vanilla_rnn`, `vanilla_lstm` and `lbr_gru`, forward: weights once reordered to the layout that
// they ask for. A stream calls the primitive of one step, which reads its states where the step before has left them.

#include <oneapi/dnnl/dnnl.hpp>

#include "protocol.hpp"

using namespace dnnl;
using tag = memory::format_tag;
using Arguments = std::unordered_map<int, memory>;

/// A cell's primitive, and the layouts that it wants.
struct Primitive {
  primitive cell;
  memory::desc inputWeights, recurrentWeights;
  std::string implementation;

  template <typename Forward>
  static Primitive of(const typename Forward::primitive_desc &desc) {
    return {Forward(desc), desc.weights_layer_desc(), desc.weights_iter_desc(), desc.impl_info_str()};
  }
};

/// The gates in oneDNN's order, z, r, n of the GRU for PyTorch's r, z, n; the LSTM's are the same.
static std::vector<float> reordered(const protocol::Array &array, bool isGRU) {
  std::vector<float> result = array.scalars;
  const size_t gate = result.size() / 3;
  if (isGRU) std::rotate(result.begin(), result.begin() + gate, result.begin() + 2 * gate);
  return result;
}

int main(int argc, char **argv) {
  const protocol::Case given(argc, argv);
  const bool isGRU = given.cell == "gru", isLSTM = given.cell == "lstm", isStream = given.pass == "stream";
  const long steps = isStream ? 1 : given.steps, rows = given.rows, inputSize = given.inputSize;
  const long hiddenSize = given.hiddenSize, gates = given.gates;
  std::vector<float> w = reordered(given.weightIH, isGRU), r = reordered(given.weightHH, isGRU);
  std::vector<float> b = reordered(given.biasIH, isGRU), c = reordered(given.biasHH, isGRU);
  // Both biases are added but for the GRU's last gate, whose recurrent one stands after all others.
  const long added = isGRU ? (gates - 1) * hiddenSize : gates * hiddenSize;
  for (long i = 0; i < added; ++i) b[i] += c[i];
  b.insert(b.end(), c.begin() + added, c.end());

  engine cpu(engine::kind::cpu, 0);
  stream stream(cpu);
  const auto f32 = memory::data_type::f32;
  const auto inference = prop_kind::forward_inference;
  const auto direction = rnn_direction::unidirectional_left2right;
  const memory::desc xDesc({steps, rows, inputSize}, f32, tag::tnc), yDesc({steps, rows, hiddenSize}, f32, tag::tnc);
  const memory::desc hDesc = isStream ? memory::desc({1, 1, rows, hiddenSize}, f32, tag::ldnc) : memory::desc();
  const memory::desc bDesc({1, 1, isGRU ? gates + 1 : gates, hiddenSize}, f32, tag::ldgo);
  const memory::dims wDims{1, 1, inputSize, gates, hiddenSize}, rDims{1, 1, hiddenSize, gates, hiddenSize};
  const memory::desc wDesc(wDims, f32, tag::any), rDesc(rDims, f32, tag::any);
  const Primitive chosen =
      isLSTM  ? Primitive::of<lstm_forward>({cpu, inference, direction, xDesc, hDesc, hDesc, wDesc, rDesc, bDesc,
                                             yDesc, hDesc, hDesc})
      : isGRU ? Primitive::of<lbr_gru_forward>(
                    {cpu, inference, direction, xDesc, hDesc, wDesc, rDesc, bDesc, yDesc, hDesc})
              : Primitive::of<vanilla_rnn_forward>({cpu, inference, algorithm::eltwise_tanh, direction, xDesc, hDesc,
                                                    wDesc, rDesc, bDesc, yDesc, hDesc});
  // PyTorch's [G·H, I] is oneDNN's `ldgoi`.
  const auto packed = [&](std::vector<float> &array, const memory::dims &dims, const memory::desc &wanted) {
    memory plain({dims, f32, tag::ldgoi}, cpu, array.data()), result(wanted, cpu);
    reorder(plain, result).execute(stream, plain, result);
    stream.wait();
    return result;
  };
  std::vector<float> x = given.x.scalars, y(given.steps * rows * hiddenSize);
  std::vector<float> zeros(rows * hiddenSize), cellState(rows * hiddenSize), last(rows * hiddenSize);
  const Arguments weights{
      {DNNL_ARG_WEIGHTS_LAYER, packed(w, wDims, chosen.inputWeights)},
      {DNNL_ARG_WEIGHTS_ITER, packed(r, rDims, chosen.recurrentWeights)},
      {DNNL_ARG_BIAS, memory(bDesc, cpu, b.data())},
  };
  std::vector<Arguments> calls;
  for (long t = 0; t < given.steps; t += steps) {
    Arguments arguments = weights;
    arguments.insert({DNNL_ARG_SRC_LAYER, memory(xDesc, cpu, &x[t * rows * inputSize])});
    arguments.insert({DNNL_ARG_DST_LAYER, memory(yDesc, cpu, &y[t * rows * hiddenSize])});
    if (isStream) {
      // The first step goes on from the last one of the call before.
      float *before = t ? &y[(t - 1) * rows * hiddenSize] : zeros.data();
      arguments.insert({DNNL_ARG_SRC_ITER, memory(hDesc, cpu, before)});
      arguments.insert({DNNL_ARG_DST_ITER, memory(hDesc, cpu, t + 1 < given.steps ? last.data() : zeros.data())});
    }
    if (isStream && isLSTM) {
      arguments.insert({DNNL_ARG_SRC_ITER_C, memory(hDesc, cpu, cellState.data())});
      arguments.insert({DNNL_ARG_DST_ITER_C, memory(hDesc, cpu, cellState.data())});
    }
    calls.push_back(arguments);
  }
  const dnnl_version_t &version = *dnnl_version();
  const std::string number = std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
                             std::to_string(version.patch);
  return protocol::serve(given, number + ", " + chosen.implementation, y.data(), [&] {
    for (const Arguments &arguments : calls) chosen.cell.execute(stream, arguments);
    stream.wait();
  });
}
