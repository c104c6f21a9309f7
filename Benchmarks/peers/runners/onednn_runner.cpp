// oneDNN's primitives `vanilla_rnn`, `vanilla_lstm` and `lbr_gru`, forward: weights once reordered to the layout that
// they ask for. The protocol is that of protocol.py.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <oneapi/dnnl/dnnl.hpp>
#include <stdexcept>
#include <string>
#include <vector>

using namespace dnnl;
using tag = memory::format_tag;

/// A .npy file of version 1 with floats in C order.
struct Array {
  std::vector<long> shape;
  std::vector<float> scalars;
};

static Array read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  char start[10];
  file.read(start, sizeof start);
  std::string header(static_cast<unsigned char>(start[8]) + 256 * static_cast<unsigned char>(start[9]), ' ');
  file.read(header.data(), header.size());
  if (!file || header.find("'<f4', 'fortran_order': False") == std::string::npos)
    throw std::runtime_error(path + ": expected <f4 in C order");
  Array array;
  size_t count = 1;
  for (size_t at = header.find('(') + 1; header[at] != ')';) {
    size_t length = 0;
    array.shape.push_back(std::stol(header.substr(at), &length));
    count *= array.shape.back();
    at += length;
    while (header[at] == ',' || header[at] == ' ') ++at;
  }
  array.scalars.resize(count);
  file.read(reinterpret_cast<char *>(array.scalars.data()), count * sizeof(float));
  if (!file) throw std::runtime_error(path + ": too short");
  return array;
}

static void write(const std::string &path, const std::vector<long> &shape, const float *scalars) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  size_t count = 1;
  for (long size : shape) {
    header += std::to_string(size) + ", ";
    count *= size;
  }
  header += "), }";
  header.resize((header.size() + 11 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00", 8);
  file.put(static_cast<char>(header.size() % 256)).put(static_cast<char>(header.size() / 256));
  file << header;
  file.write(reinterpret_cast<const char *>(scalars), count * sizeof(float));
}

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
static std::vector<float> reordered(const Array &array, bool isGRU) {
  std::vector<float> result = array.scalars;
  const size_t gate = result.size() / 3;
  if (isGRU) std::rotate(result.begin(), result.begin() + gate, result.begin() + 2 * gate);
  return result;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  const std::string folder = argv[1], cell = argv[2];
  if (std::strcmp(argv[3], "forward") != 0) {
    std::printf("unsupported this runner has no pass %s\n", argv[3]);
    return 0;
  }
  Array x = read(folder + "/x.npy");
  const Array weightIH = read(folder + "/weight_ih.npy"), weightHH = read(folder + "/weight_hh.npy");
  const Array biasIH = read(folder + "/bias_ih.npy"), biasHH = read(folder + "/bias_hh.npy");
  const bool isGRU = cell == "gru";
  const long steps = x.shape[0], rows = x.shape[1], inputSize = x.shape[2], hiddenSize = weightHH.shape[1];
  const long gates = weightHH.shape[0] / hiddenSize;
  std::vector<float> w = reordered(weightIH, isGRU), r = reordered(weightHH, isGRU);
  std::vector<float> b = reordered(biasIH, isGRU), c = reordered(biasHH, isGRU);
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
  const memory::desc bDesc({1, 1, isGRU ? gates + 1 : gates, hiddenSize}, f32, tag::ldgo), none;
  const memory::dims wDims{1, 1, inputSize, gates, hiddenSize}, rDims{1, 1, hiddenSize, gates, hiddenSize};
  const memory::desc wDesc(wDims, f32, tag::any), rDesc(rDims, f32, tag::any);
  const Primitive chosen =
      cell == "lstm" ? Primitive::of<lstm_forward>({cpu, inference, direction, xDesc, none, none, wDesc, rDesc, bDesc,
                                                    yDesc, none, none})
      : isGRU        ? Primitive::of<lbr_gru_forward>(
                    {cpu, inference, direction, xDesc, none, wDesc, rDesc, bDesc, yDesc, none})
              : Primitive::of<vanilla_rnn_forward>({cpu, inference, algorithm::eltwise_tanh, direction, xDesc, none,
                                                    wDesc, rDesc, bDesc, yDesc, none});
  // PyTorch's [G·H, I] is oneDNN's `ldgoi`.
  const auto packed = [&](std::vector<float> &array, const memory::dims &dims, const memory::desc &wanted) {
    memory plain({dims, f32, tag::ldgoi}, cpu, array.data()), result(wanted, cpu);
    reorder(plain, result).execute(stream, plain, result);
    stream.wait();
    return result;
  };
  memory y(yDesc, cpu);
  const std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC_LAYER, memory(xDesc, cpu, x.scalars.data())},
      {DNNL_ARG_WEIGHTS_LAYER, packed(w, wDims, chosen.inputWeights)},
      {DNNL_ARG_WEIGHTS_ITER, packed(r, rDims, chosen.recurrentWeights)},
      {DNNL_ARG_BIAS, memory(bDesc, cpu, b.data())},
      {DNNL_ARG_DST_LAYER, y},
  };
  const auto call = [&] {
    chosen.cell.execute(stream, arguments);
    stream.wait();
  };
  call();
  write(folder + "/y.npy", {steps, rows, hiddenSize}, static_cast<float *>(y.get_data_handle()));
  const dnnl_version_t *version = dnnl_version();
  std::printf("ready %d.%d.%d, %s\n", version->major, version->minor, version->patch,
              chosen.implementation.c_str());
  std::fflush(stdout);

  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  std::string word;
  double seconds;
  while (std::cin >> word >> seconds) {
    call();
    std::vector<double> times;
    const auto end = Clock::now() + Seconds(seconds);
    while (times.size() < 2 || Clock::now() < end) {
      const auto start = Clock::now();
      call();
      times.push_back(Seconds(Clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    const size_t count = times.size();
    std::printf("times %zu %.9g %.9g\n", count, (times[(count - 1) / 2] + times[count / 2]) / 2, times[0]);
    std::fflush(stdout);
  }
}
