import CZlib

/// Raw deflate of a few kilobytes, with a preset dictionary and a window of 4 KiB.
enum PackedBytes {
    private static let windowBits: Int32 = -12
    /// More of either takes longer and gains nothing on so little.
    private static let (level, memoryLevel): (Int32, Int32) = (4, 6)
    private static let streamSize = Int32(MemoryLayout<z_stream>.size)

    static func deflated(_ input: UnsafeRawBufferPointer, with dictionary: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        let made = deflateInit2_(
            &stream, level, Z_DEFLATED, windowBits, memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            streamSize)
        precondition(made == Z_OK, "zlib has no memory, or is another one")
        defer { deflateEnd(&stream) }
        deflateSetDictionary(&stream, dictionary, uInt(dictionary.count))
        feed(&stream, input)
        let room = Int(deflateBound(&stream, uLong(input.count)))
        return [UInt8](unsafeUninitializedCapacity: room) { output, count in
            stream.next_out = output.baseAddress
            stream.avail_out = uInt(room)
            let ended = deflate(&stream, Z_FINISH)
            precondition(ended == Z_STREAM_END, "zlib asks for more than it said")
            count = room - Int(stream.avail_out)
        }
    }

    /// nil: it isn't what `deflated` made of so many bytes.
    static func inflated(
        _ input: ArraySlice<UInt8>, to length: Int, with dictionary: [UInt8]
    ) -> [UInt8]? {
        // Deflate makes no more than a thousand of one.
        guard length <= (input.count + 1) * 1_100 else { return nil }
        var stream = z_stream()
        let made = inflateInit2_(&stream, windowBits, ZLIB_VERSION, streamSize)
        precondition(made == Z_OK, "zlib has no memory, or is another one")
        defer { inflateEnd(&stream) }
        inflateSetDictionary(&stream, dictionary, uInt(dictionary.count))
        return input.withUnsafeBytes { input in
            feed(&stream, input)
            var isWhole = false
            let output = [UInt8](unsafeUninitializedCapacity: length) { output, count in
                stream.next_out = output.baseAddress
                stream.avail_out = uInt(length)
                isWhole = inflate(&stream, Z_FINISH) == Z_STREAM_END
                count = length - Int(stream.avail_out)
            }
            return isWhole && output.count == length && stream.avail_in == 0 ? output : nil
        }
    }

    /// zlib reads it and nothing else, whatever its type says.
    private static func feed(_ stream: inout z_stream, _ input: UnsafeRawBufferPointer) {
        let start = input.assumingMemoryBound(to: UInt8.self).baseAddress
        stream.next_in = UnsafeMutablePointer(mutating: start)
        stream.avail_in = uInt(input.count)
    }
}
