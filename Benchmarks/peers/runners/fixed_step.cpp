// Steps of one row in plain C++, for layers whose sizes the compiler knows: what a programmer gets who writes the loops
// for one layer, and leaves the rest to the compiler. A step is one function; its loops have constant bounds.

#include <cmath>
#include <cstring>

#include "protocol.hpp"

/// x·P(x²)/Q(x²), off by 6 units of rounding at most: a minimax approximation on [0, 8], beyond which tanh is 1 in float.
/// The coefficients are those of a weighted least-squares fit whose weights were changed until the errors were level.
static inline float tanhOf(float x) {
  x = std::fmin(std::fmax(x, -8.0f), 8.0f);
  const float q = x * x;
  const float p = (((1.52304706e-08f * q + 2.18946992e-05f) * q + 0.00357160027f) * q + 0.134444999f) * q + 1.0f;
  const float d = (((8.52246797e-07f * q + 3.4112957e-04f) * q + 0.0261644515f) * q + 0.467778272f) * q + 1.0f;
  return x * p / d;
}

static inline float sigmoidOf(float x) { return 0.5f * tanhOf(0.5f * x) + 0.5f; }

/// The weights of a layer of H units with G gates and one feature: a row of all gates for each unit of the state.
template <int G, int H>
struct Weights {
  alignas(64) float input[G * H], recurrent[H][G * H], biasIH[G * H], biasHH[G * H];

  explicit Weights(const protocol::Case &given) {
    for (int row = 0; row < G * H; ++row) {
      input[row] = given.weightIH.scalars[row];
      for (int unit = 0; unit < H; ++unit) recurrent[unit][row] = given.weightHH.scalars[row * H + unit];
      biasIH[row] = given.biasIH.scalars[row];
      biasHH[row] = given.biasHH.scalars[row];
    }
  }

  /// preActivations += h·recurrent
  void addProduct(const float *h, float *preActivations) const {
    for (int unit = 0; unit < H; ++unit)
      for (int row = 0; row < G * H; ++row) preActivations[row] += recurrent[unit][row] * h[unit];
  }
};

/// Gates i, f, g, o.
template <int H>
class LSTM {
  Weights<4, H> weights;
  alignas(64) float h[H] = {}, cellState[H] = {};

 public:
  explicit LSTM(const protocol::Case &given) : weights(given) {
    for (int row = 0; row < 4 * H; ++row) weights.biasIH[row] += weights.biasHH[row];
  }

  __attribute__((noinline)) void step(float x, float *output) {
    alignas(64) float preActivations[4 * H];
    for (int row = 0; row < 4 * H; ++row) preActivations[row] = weights.input[row] * x + weights.biasIH[row];
    weights.addProduct(h, preActivations);
    for (int unit = 0; unit < H; ++unit) {
      const float added = sigmoidOf(preActivations[unit]) * tanhOf(preActivations[2 * H + unit]);
      cellState[unit] = sigmoidOf(preActivations[H + unit]) * cellState[unit] + added;
      h[unit] = sigmoidOf(preActivations[3 * H + unit]) * tanhOf(cellState[unit]);
    }
    std::memcpy(output, h, sizeof h);
  }
};

/// Gates r, z, n; the recurrent product of n is reset, so that its input product stands beside.
template <int H>
class GRU {
  Weights<3, H> weights;
  alignas(64) float h[H] = {};

 public:
  explicit GRU(const protocol::Case &given) : weights(given) {
    for (int row = 0; row < 2 * H; ++row) weights.biasHH[row] += weights.biasIH[row];
  }

  __attribute__((noinline)) void step(float x, float *output) {
    alignas(64) float preActivations[3 * H];
    for (int row = 0; row < 2 * H; ++row) preActivations[row] = weights.input[row] * x + weights.biasHH[row];
    for (int row = 2 * H; row < 3 * H; ++row) preActivations[row] = weights.biasHH[row];
    weights.addProduct(h, preActivations);
    for (int unit = 0; unit < H; ++unit) {
      const float reset = sigmoidOf(preActivations[unit]), update = sigmoidOf(preActivations[H + unit]);
      const float projected = weights.input[2 * H + unit] * x + weights.biasIH[2 * H + unit];
      const float candidate = tanhOf(projected + reset * preActivations[2 * H + unit]);
      h[unit] = candidate + update * (h[unit] - candidate);
    }
    std::memcpy(output, h, sizeof h);
  }
};

template <typename Layer>
static int serve(const protocol::Case &given) {
  static Layer layer(given);
  const long size = given.hiddenSize;
  std::vector<float> y(given.steps * size);
  return protocol::serve(given, "g++ " __VERSION__ ", sizes known when it was compiled", y.data(), [&] {
    for (long t = 0; t < given.steps; ++t) layer.step(given.x.scalars[t], &y[t * size]);
  });
}

/// Serves the size that is asked for, if it is one of those.
template <template <int> class Layer, int... sizes>
static int serveAnyOf(const protocol::Case &given) {
  int result = -1;
  ((given.hiddenSize == sizes ? void(result = serve<Layer<sizes>>(given)) : void()), ...);
  if (result < 0) protocol::unsupported("no layer of " + std::to_string(given.hiddenSize) + " units was compiled");
  return result;
}

int main(int argc, char **argv) {
  const protocol::Case given(argc, argv);
  if (given.pass != "stream") protocol::unsupported("this runner has no pass " + given.pass);
  if (given.rows != 1 || given.inputSize != 1) protocol::unsupported("it has one row of one feature");
  if (given.cell == "lstm") return serveAnyOf<LSTM, 8, 16, 20, 24, 32, 40, 48, 64, 128>(given);
  if (given.cell == "gru") return serveAnyOf<GRU, 8, 16, 20, 24, 32, 40, 48, 64, 128>(given);
  protocol::unsupported("this runner has no cell " + given.cell);
}
