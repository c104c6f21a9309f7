import Testing

@testable import Recurrent

@Suite struct StateDictionaryTests {
  private let one = Tensor<Float>([1])
  private let two = Tensor<Float>([2])

  @Test func keepsTheOrderOfInsertion() {
    var state: StateDictionary<Float> = ["b": one, "a": two]
    state["c"] = one
    state["b"] = two
    #expect(state.keys == ["b", "a", "c"])
    #expect(state.map(\.key) == ["b", "a", "c"])
    #expect(state["b"] == two)
    #expect(state.count == 3 && !state.isEmpty)
  }

  @Test func laterDuplicateReplacesTheEarlier() {
    let state = StateDictionary([("x", one), ("y", one), ("x", two)])
    #expect(state.keys == ["x", "y"])
    #expect(state["x"] == two)
    let literal: StateDictionary<Float> = ["x": one, "x": two]
    #expect(literal.count == 1 && literal["x"] == two)
  }

  @Test func settingNilRemoves() {
    var state: StateDictionary<Float> = ["a": one, "b": two, "c": one]
    state["a"] = nil
    state["missing"] = nil
    #expect(state.keys == ["b", "c"])
    #expect(state["b"] == two && state["c"] == one && state["a"] == nil)
    state["a"] = two
    #expect(state.keys == ["b", "c", "a"])
  }

  @Test func tellsCanonicallyEquivalentNamesApart() {
    var state = StateDictionary<Float>()
    state["caf\u{E9}"] = one
    state["cafe\u{301}"] = two
    #expect(state.count == 2)
    #expect(state["caf\u{E9}"] == one && state["cafe\u{301}"] == two)
    let a: StateDictionary<Float> = ["caf\u{E9}": one]
    let b: StateDictionary<Float> = ["cafe\u{301}": one]
    #expect(a != b)
  }

  @Test func orderCountsInComparison() {
    let a: StateDictionary<Float> = ["a": one, "b": two]
    let b: StateDictionary<Float> = ["b": two, "a": one]
    #expect(a != b && a == ["a": one, "b": two])
    #expect(StateDictionary<Float>().isEmpty)
  }

  @Test("names are found, replaced and removed in small dictionaries and in large ones")
  func sizes() {
    var generator = SeededGenerator(seed: 7)
    for count in [1, 31, 32, 33, 34, 100] {
      var dictionary = StateDictionary<Float>()
      var plain: [(key: String, value: Float)] = []
      for _ in 0..<(4 * count) {
        let key = "layer.\(Int.random(in: 0..<count, using: &generator))"
        let value = Float.random(in: 0...1, using: &generator)
        let place = plain.firstIndex { $0.key == key }
        switch (place, Int.random(in: 0..<4, using: &generator)) {
        case (let place?, 0):
          dictionary[key] = nil
          plain.remove(at: place)
        case (let place?, _):
          dictionary[key] = Tensor(value)
          plain[place].value = value
        case (nil, _):
          dictionary[key] = Tensor(value)
          plain.append((key, value))
        }
      }
      #expect(dictionary.keys == plain.map(\.key))
      #expect(dictionary.map(\.value.scalar) == plain.map(\.value))
      for (key, value) in plain { #expect(dictionary[key]?.scalar == value) }
      #expect(dictionary["layer.\(count)"] == nil)
    }
  }
}
