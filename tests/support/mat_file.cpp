#include "support/mat_file.hpp"

#include <zlib.h>

#include <cstring>

namespace dbnet::test {
namespace {

template <typename Value>
void put(std::string& bytes, Value value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string element(std::uint32_t type, const std::string& data) {
    std::string bytes;
    put(bytes, type);
    put(bytes, static_cast<std::uint32_t>(data.size()));
    bytes += data;
    bytes.append((8 - data.size() % 8) % 8, '\0');
    return bytes;
}

std::string head(std::uint32_t kind, const std::vector<std::uint32_t>& dimensions,
                 const std::string& name) {
    std::string flags;
    put(flags, kind);
    put(flags, std::uint32_t{0});
    std::string extents;
    for (const std::uint32_t extent : dimensions) put(extents, static_cast<std::int32_t>(extent));
    return element(6, flags) + element(5, extents) + element(1, name);
}

std::string matrix(const MatCell& cell) {
    constexpr std::uint32_t kDouble = 6;
    constexpr std::uint32_t kChar = 4;
    std::string data;
    if (!cell.numbers.empty()) {
        for (const double number : cell.numbers) put(data, number);
        return element(14, head(kDouble, cell.dimensions, "") + element(9, data));
    }
    for (const char c : cell.text)
        put(data, static_cast<std::uint16_t>(static_cast<unsigned char>(c)));
    const auto size = static_cast<std::uint32_t>(cell.text.size());
    return element(14, head(kChar, {size == 0 ? 0u : 1u, size}, "") + element(4, data));
}

std::string compress(const std::string& bytes) {
    uLongf size = compressBound(bytes.size());
    std::string packed(size, '\0');
    ::compress(reinterpret_cast<Bytef*>(packed.data()), &size,
               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    packed.resize(size);
    return packed;
}

}  // namespace

std::string mat_file(const std::vector<MatVariable>& variables, bool compressed) {
    std::string bytes = "MATLAB 5.0 MAT-file, made by a test";
    bytes.resize(124, ' ');
    put(bytes, std::uint16_t{0x0100});
    bytes += "IM";
    for (const MatVariable& variable : variables) {
        constexpr std::uint32_t kCells = 1;
        std::string content = head(kCells, variable.dimensions, variable.name);
        for (const MatCell& cell : variable.cells) content += matrix(cell);
        const std::string whole = element(14, content);
        if (!compressed) {
            bytes += whole;
            continue;
        }
        const std::string packed = compress(whole);
        put(bytes, std::uint32_t{15});
        put(bytes, static_cast<std::uint32_t>(packed.size()));
        bytes += packed;
    }
    return bytes;
}

}  // namespace dbnet::test
