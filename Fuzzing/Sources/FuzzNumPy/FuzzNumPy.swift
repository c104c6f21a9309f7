import ReaderProperties

/// Asks the reader the fuzzer's question; a violation ends the process, as a trap does, and the fuzzer keeps the bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do {
    try ReaderProperties.checkNumPy(bytes)
  } catch {
    fatalError("\(error)")
  }
  return 0
}
