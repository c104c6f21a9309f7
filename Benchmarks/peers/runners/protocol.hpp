// The protocol of the runners, which README.md documents, for those in C++.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace protocol {

/// A .npy file of version 1 with floats in C order.
struct Array {
  std::vector<long> shape;
  std::vector<float> scalars;
};

inline Array read(const std::string &path) {
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

inline void write(const std::string &path, const std::vector<long> &shape, const float *scalars) {
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

/// Says why the case cannot be run, and ends.
[[noreturn]] inline void unsupported(const std::string &reason) {
  std::printf("unsupported %s\n", reason.c_str());
  std::exit(0);
}

/// One layer, its input, and what is asked of it.
struct Case {
  std::string folder, cell, pass;
  int threads;
  Array x, weightIH, weightHH, biasIH, biasHH;
  long steps, rows, inputSize, hiddenSize, gates;

  /// Reads the case from the folder that is the last argument of the program.
  Case(int argc, char **argv) : folder(argv[argc - 1]) {
    std::ifstream file(folder + "/case.txt");
    std::map<std::string, std::string> settings;
    for (std::string key, value; file >> key >> value;) settings[key] = value;
    cell = settings["cell"];
    pass = settings["pass"];
    threads = std::atoi(settings["threads"].c_str());
    if (settings["weights"] != "float") unsupported("this runner has no weights of " + settings["weights"]);
    if (pass != "forward" && pass != "stream") unsupported("this runner has no pass " + pass);
    x = read(folder + "/x.npy");
    weightIH = read(folder + "/weight_ih.npy");
    weightHH = read(folder + "/weight_hh.npy");
    biasIH = read(folder + "/bias_ih.npy");
    biasHH = read(folder + "/bias_hh.npy");
    steps = x.shape[0];
    rows = x.shape[1];
    inputSize = x.shape[2];
    hiddenSize = weightHH.shape[1];
    gates = weightHH.shape[0] / hiddenSize;
  }
};

/// Calls once, writes the outputs [T, B, H] that the call has left at `y`, and times calls as often as it is told to.
template <typename Call>
int serve(const Case &given, const std::string &version, const float *y, const Call &call) {
  call();
  write(given.folder + "/results/y.npy", {given.steps, given.rows, given.hiddenSize}, y);
  std::printf("ready %s\n", version.c_str());
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
  return 0;
}

}  // namespace protocol
