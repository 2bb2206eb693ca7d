#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dbnet::image {

/// Reads unsigned integers at offsets of untrusted bytes. What lies beyond the end reads as 0.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::uint8_t> bytes, bool big_endian = false)
        : bytes_(bytes), big_endian_(big_endian) {}

    std::uint32_t u8(std::size_t offset) const {
        return offset < bytes_.size() ? bytes_[offset] : 0u;
    }
    std::uint32_t u16(std::size_t offset) const {
        const std::uint32_t first = u8(offset), second = u8(offset + 1);
        return big_endian_ ? first << 8 | second : second << 8 | first;
    }
    std::uint32_t u32(std::size_t offset) const {
        const std::uint32_t first = u16(offset), second = u16(offset + 2);
        return big_endian_ ? first << 16 | second : second << 16 | first;
    }

private:
    std::span<const std::uint8_t> bytes_;
    bool big_endian_;
};

}  // namespace dbnet::image
