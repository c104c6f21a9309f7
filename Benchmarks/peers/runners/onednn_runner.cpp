// oneDNN's primitive `vanilla_rnn`: weights once reordered to the layout that it asks for. The protocol is that of
// protocol.py.

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

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  const std::string folder = argv[1];
  if (std::strcmp(argv[2], "rnn") != 0 || std::strcmp(argv[3], "forward") != 0) {
    std::printf("unsupported it has no %s, %s\n", argv[2], argv[3]);
    return 0;
  }
  Array x = read(folder + "/x.npy"), w = read(folder + "/weight_ih.npy"), r = read(folder + "/weight_hh.npy");
  Array b = read(folder + "/bias_ih.npy"), c = read(folder + "/bias_hh.npy");
  const long steps = x.shape[0], rows = x.shape[1], inputSize = x.shape[2], hiddenSize = r.shape[0];
  for (long i = 0; i < hiddenSize; ++i) b.scalars[i] += c.scalars[i];

  engine cpu(engine::kind::cpu, 0);
  stream stream(cpu);
  const auto f32 = memory::data_type::f32;
  const memory::desc xDesc({steps, rows, inputSize}, f32, tag::tnc), yDesc({steps, rows, hiddenSize}, f32, tag::tnc);
  const memory::desc bDesc({1, 1, 1, hiddenSize}, f32, tag::ldgo), none;
  const memory::dims wDims{1, 1, inputSize, 1, hiddenSize}, rDims{1, 1, hiddenSize, 1, hiddenSize};
  const vanilla_rnn_forward::primitive_desc desc(
      cpu, prop_kind::forward_inference, algorithm::eltwise_tanh, rnn_direction::unidirectional_left2right, xDesc, none,
      {wDims, f32, tag::any}, {rDims, f32, tag::any}, bDesc, yDesc, none);
  // PyTorch's [H, I] is oneDNN's `ldgoi`.
  const auto packed = [&](Array &array, const memory::dims &dims, const memory::desc &wanted) {
    memory plain({dims, f32, tag::ldgoi}, cpu, array.scalars.data()), result(wanted, cpu);
    reorder(plain, result).execute(stream, plain, result);
    stream.wait();
    return result;
  };
  memory y(yDesc, cpu);
  const std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC_LAYER, memory(xDesc, cpu, x.scalars.data())},
      {DNNL_ARG_WEIGHTS_LAYER, packed(w, wDims, desc.weights_layer_desc())},
      {DNNL_ARG_WEIGHTS_ITER, packed(r, rDims, desc.weights_iter_desc())},
      {DNNL_ARG_BIAS, memory(bDesc, cpu, b.scalars.data())},
      {DNNL_ARG_DST_LAYER, y},
  };
  vanilla_rnn_forward primitive(desc);
  const auto call = [&] {
    primitive.execute(stream, arguments);
    stream.wait();
  };
  call();
  write(folder + "/y.npy", {steps, rows, hiddenSize}, static_cast<float *>(y.get_data_handle()));
  const dnnl_version_t *version = dnnl_version();
  std::printf("ready %d.%d.%d, %s\n", version->major, version->minor, version->patch, desc.impl_info_str());
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
