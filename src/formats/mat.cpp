// A file is a header of 128 bytes and elements: type, size, data, filled up to 8 bytes. A variable
// is an element miMATRIX or one miCOMPRESSED that holds such a one as a zlib stream. A matrix is
// elements again: flags with the class, dimensions, name, then the numbers or, for a cell array,
// matrices. libmatio reads such files, too, but builds all cells of a variable with an inflater for
// each, which for the 858,750 images of SynthText takes more memory than there is.
#include "formats/mat.hpp"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "core/error.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kHeader = 128;
constexpr std::size_t kMostNumbers = 4'000'000;  ///< in one array
constexpr std::size_t kMostVariables = 1000;

enum : std::uint32_t {
    kInt8 = 1,
    kUint8 = 2,
    kInt16 = 3,
    kUint16 = 4,
    kInt32 = 5,
    kUint32 = 6,
    kSingle = 7,
    kDouble = 9,
    kInt64 = 12,
    kUint64 = 13,
    kMatrix = 14,
    kCompressed = 15,
    kUtf8 = 16,
    kUtf16 = 17,
    kUtf32 = 18
};

constexpr std::uint32_t kCellClass = 1;
constexpr std::uint32_t kCharClass = 4;
constexpr std::uint32_t kFirstNumberClass = 6;

std::size_t size_of_type(std::uint32_t type) {
    switch (type) {
        case kInt8:
        case kUint8:
        case kUtf8: return 1;
        case kInt16:
        case kUint16:
        case kUtf16: return 2;
        case kInt32:
        case kUint32:
        case kSingle:
        case kUtf32: return 4;
        case kDouble:
        case kInt64:
        case kUint64: return 8;
        default: return 0;
    }
}

/// The bytes of a variable, inflated if they are compressed.
class Bytes {
public:
    Bytes(const Input& input, std::int64_t offset, std::uint32_t size, bool compressed)
        : path_(input.path), stream_(input), left_(size), compressed_(compressed) {
        stream_.seek(offset);
        if (compressed_ && inflateInit(&inflater_) != Z_OK) throw std::bad_alloc();
    }
    ~Bytes() {
        if (compressed_) inflateEnd(&inflater_);
    }
    Bytes(const Bytes&) = delete;
    Bytes& operator=(const Bytes&) = delete;

    void read(void* data, std::size_t size) {
        auto* out = static_cast<char*>(data);
        while (size > 0) {
            if (ready_.empty()) fill();
            const std::size_t part = std::min(size, ready_.size());
            std::memcpy(out, ready_.data(), part);
            ready_.remove_prefix(part);
            out += part;
            size -= part;
        }
    }

    void skip(std::uint64_t size) {
        while (size > 0) {
            if (ready_.empty()) fill();
            const std::size_t part = std::min<std::uint64_t>(size, ready_.size());
            ready_.remove_prefix(part);
            size -= part;
        }
    }

    [[noreturn]] void fail(std::string_view what) const {
        core::fail(ErrorCode::malformed, path_, ": not a valid MATLAB file: ", what);
    }

private:
    std::string_view next_block() {
        std::string_view block = stream_.next().substr(0, left_);
        if (block.empty()) fail("it ends too early");
        left_ -= static_cast<std::uint32_t>(block.size());
        return block;
    }

    void fill() {
        if (!compressed_) {
            ready_ = next_block();
            return;
        }
        inflated_.resize(std::size_t{1} << 16);
        inflater_.next_out = reinterpret_cast<Bytef*>(inflated_.data());
        inflater_.avail_out = static_cast<uInt>(inflated_.size());
        while (inflater_.avail_out == inflated_.size()) {
            if (inflater_.avail_in == 0) {
                input_ = next_block();
                inflater_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input_.data()));
                inflater_.avail_in = static_cast<uInt>(input_.size());
            }
            const int status = inflate(&inflater_, Z_NO_FLUSH);
            const bool gave = inflater_.avail_out < inflated_.size();
            if (status == Z_STREAM_END && !gave) fail("a compressed variable ends too early");
            if (status != Z_OK && status != Z_STREAM_END) fail("a compressed variable is damaged");
        }
        ready_ = {inflated_.data(), inflated_.size() - inflater_.avail_out};
    }

    std::string path_;
    ByteStream stream_;
    std::uint32_t left_;
    bool compressed_;
    z_stream inflater_{};
    std::string_view input_;
    std::vector<char> inflated_;
    std::string_view ready_;
};

struct Tag {
    std::uint32_t type = 0;
    std::uint32_t size = 0;
    std::uint32_t bytes = 0;  ///< with what fills it up
};

struct MatrixHead {
    std::uint32_t kind = 0;
    bool complex = false;
    std::vector<std::uint32_t> dimensions;
    std::string name;
    std::uint32_t left = 0;  ///< bytes after the head
};

class Elements {
public:
    Elements(const Input& input, std::int64_t offset, std::uint32_t size, bool compressed,
             bool swapped)
        : bytes_(input, offset, size, compressed), swapped_(swapped) {}

    [[noreturn]] void fail(std::string_view what) const { bytes_.fail(what); }

    Tag tag(std::uint32_t& left) {
        take(left, 8);
        std::uint32_t words[2];
        bytes_.read(words, sizeof words);
        if (swapped_)
            for (std::uint32_t& word : words) word = swap(word);
        if (words[0] >> 16 == 0) {
            // Compressed elements and top-level matrices are told by the caller.
            const std::uint32_t padding = words[0] == kCompressed ? 0 : (8 - words[1] % 8) % 8;
            return {words[0], words[1], words[1] + padding};
        }
        // A small element: type and size in two halves, up to four bytes of data beside them.
        small_ = words[1];
        if (swapped_) small_ = swap(small_);
        const std::uint32_t size = words[0] >> 16;
        if (size > 4) fail("a small element of more than 4 bytes");
        return {words[0] & 0xFFFF, size, 0};
    }

    /// The numbers of an element.
    std::vector<double> numbers(std::uint32_t& left) {
        const Tag head = tag(left);
        const std::size_t width = size_of_type(head.type);
        if (width == 0) fail("numbers of an unknown type");
        const std::size_t count = head.size / width;
        if (head.size % width != 0) fail("numbers that do not fill their element");
        if (count > kMostNumbers)
            core::fail(ErrorCode::too_large, "an array of a MATLAB file has ", count,
                       " numbers, the limit is ", kMostNumbers);
        std::uint32_t padding = 0;
        if (head.bytes != 0) {
            take(left, head.size);
            // Some writers do not fill up the last element.
            padding = std::min(head.bytes - head.size, left);
            left -= padding;
        }
        std::vector<double> values;
        values.reserve(count);
        std::uint32_t done = 0;
        for (std::size_t i = 0; i < count; ++i, done += static_cast<std::uint32_t>(width))
            values.push_back(value(head, done));
        bytes_.skip(padding);
        type_ = head.type;
        return values;
    }

    MatrixHead matrix(std::uint32_t size) {
        MatrixHead head;
        const std::vector<double> flags = numbers(size);
        if (flags.size() != 2) fail("an array without flags");
        const auto word = static_cast<std::uint32_t>(flags[0]);
        head.kind = word & 0xFF;
        head.complex = (word & 0x800) != 0;
        for (const double extent : numbers(size)) {
            if (!(extent >= 0 && extent <= 2e9)) fail("a dimension out of range");
            head.dimensions.push_back(static_cast<std::uint32_t>(extent));
        }
        for (const double c : numbers(size)) head.name += static_cast<char>(static_cast<int>(c));
        head.left = size;
        return head;
    }

    MatArray array() {
        std::uint32_t outside = UINT32_MAX;
        const Tag head = tag(outside);
        if (head.type != kMatrix) fail("a cell that is no array");
        MatArray array;
        if (head.size == 0) return array;
        MatrixHead matrix_head = matrix(head.size);
        if (matrix_head.kind != kCharClass && matrix_head.kind < kFirstNumberClass)
            fail("a cell that holds neither numbers nor text");
        array.is_text = matrix_head.kind == kCharClass;
        array.dimensions = std::move(matrix_head.dimensions);
        if (matrix_head.left > 0) array.numbers = numbers(matrix_head.left);
        if (array.is_text && type_ == kUtf8) array.numbers = code_points(array.numbers);
        bytes_.skip(matrix_head.left);
        std::uint64_t expected = 1;
        for (const std::uint32_t extent : array.dimensions)
            expected = std::min<std::uint64_t>(expected * extent, UINT32_MAX);
        if (array.numbers.size() != expected)
            fail("an array whose size is not what its dimensions say");
        return array;
    }

private:
    static std::uint32_t swap(std::uint32_t word) { return __builtin_bswap32(word); }

    /// The characters of bytes in UTF-8.
    static std::vector<double> code_points(const std::vector<double>& bytes) {
        std::vector<double> points;
        for (std::size_t i = 0; i < bytes.size();) {
            const auto byte = [&](std::size_t at) {
                return static_cast<std::uint32_t>(bytes[at]) & 0xFF;
            };
            const std::uint32_t head = byte(i++);
            const std::size_t more = head >= 0xF0 ? 3 : head >= 0xE0 ? 2 : head >= 0xC0 ? 1 : 0;
            std::uint32_t point = more == 0 ? head : head & (0x3Fu >> more);
            for (std::size_t k = 0; k < more && i < bytes.size(); ++k)
                point = point << 6 | (byte(i++) & 0x3F);
            points.push_back(point);
        }
        return points;
    }

    void take(std::uint32_t& left, std::uint32_t size) const {
        if (size > left) fail("an element reaches beyond what it is part of");
        left -= size;
    }

    double value(const Tag& head, std::uint32_t done) {
        const std::size_t width = size_of_type(head.type);
        char raw[8] = {};
        if (head.bytes == 0)
            std::memcpy(raw, reinterpret_cast<const char*>(&small_) + done, width);
        else
            bytes_.read(raw, width);
        if (swapped_) std::reverse(raw, raw + width);
        const auto as = [&]<typename Number>(Number number) {
            std::memcpy(&number, raw, sizeof number);
            return static_cast<double>(number);
        };
        switch (head.type) {
            case kInt8: return as(std::int8_t{});
            case kUint8:
            case kUtf8: return as(std::uint8_t{});
            case kInt16: return as(std::int16_t{});
            case kUint16:
            case kUtf16: return as(std::uint16_t{});
            case kInt32: return as(std::int32_t{});
            case kUint32:
            case kUtf32: return as(std::uint32_t{});
            case kSingle: return as(float{});
            case kInt64: return as(std::int64_t{});
            case kUint64: return as(std::uint64_t{});
            default: return as(double{});
        }
    }

    Bytes bytes_;
    bool swapped_;
    std::uint32_t small_ = 0;
    std::uint32_t type_ = 0;  ///< of the numbers that were read last
};

}  // namespace

std::vector<std::string> MatArray::lines() const {
    if (numbers.empty()) return {};  // whatever its number of rows
    std::vector<std::string> result(rows());
    for (std::size_t row = 0; row < rows(); ++row) {
        for (std::size_t column = 0; column < columns(); ++column) {
            const double unit = numbers[column * rows() + row];
            append_utf8(result[row],
                        unit >= 0 && unit < 0x110000 ? static_cast<char32_t>(unit) : U'\xFFFD');
        }
        result[row].erase(result[row].find_last_not_of(std::string_view(" \0", 2)) + 1);
    }
    return result;
}

std::string MatArray::text() const {
    std::string result;
    for (const std::string& line : lines()) result.append(result.empty() ? "" : "\n").append(line);
    return result;
}

struct MatCells::State {
    State(const Input& input, std::int64_t offset, std::uint32_t size, bool compressed,
          bool swapped)
        : elements(input, offset, size, compressed, swapped) {}

    Elements elements;
    std::vector<std::uint32_t> dimensions;
    std::size_t count = 0;
    std::size_t done = 0;
};

MatCells::MatCells(std::unique_ptr<State> state) : state_(std::move(state)) {}
MatCells::~MatCells() = default;
MatCells::MatCells(MatCells&&) noexcept = default;
MatCells& MatCells::operator=(MatCells&&) noexcept = default;

const std::vector<std::uint32_t>& MatCells::dimensions() const { return state_->dimensions; }
std::size_t MatCells::count() const { return state_->count; }

MatArray MatCells::next() {
    if (state_->done++ == state_->count) state_->elements.fail("more cells wanted than it has");
    return state_->elements.array();
}

MatFile::MatFile(Input input) : input_(std::move(input)) {
    ByteStream stream(input_);
    const auto fail = [&](std::string_view what) {
        core::fail(ErrorCode::malformed, input_.path, ": not a valid MATLAB file: ", what);
    };
    const auto read_at = [&](std::int64_t offset, char* data, std::size_t size) {
        stream.seek(offset);
        std::size_t done = 0;
        while (done < size) {
            const std::string_view block = stream.next().substr(0, size - done);
            if (block.empty()) return false;
            std::memcpy(data + done, block.data(), block.size());
            done += block.size();
        }
        return true;
    };
    char header[kHeader];
    if (!read_at(0, header, kHeader)) fail("it ends too early");
    if (std::string_view(header, 10) == "MATLAB 7.3")
        core::fail(ErrorCode::unsupported, input_.path,
                   ": saved with -v7.3 (HDF5), save it in MATLAB with -v7");
    const std::string_view order(header + 126, 2);
    if (order != "IM" && order != "MI") fail("no header of version 5");
    swapped_ = order == "MI";
    for (std::int64_t at = kHeader; at + 8 <= stream.size();) {
        std::uint32_t tag[2];
        if (!read_at(at, reinterpret_cast<char*>(tag), sizeof tag)) break;
        if (swapped_)
            for (std::uint32_t& word : tag) word = __builtin_bswap32(word);
        const std::int64_t next = at + 8 + std::int64_t{tag[1]};
        if (next > stream.size()) fail("a variable reaches beyond the end");
        if (tag[0] == kCompressed || tag[0] == kMatrix) {
            Elements elements(input_, at + 8, tag[1], tag[0] == kCompressed, swapped_);
            std::uint32_t size = tag[1];
            if (tag[0] == kCompressed) {
                std::uint32_t outside = UINT32_MAX;
                const Tag inner = elements.tag(outside);
                if (inner.type != kMatrix) fail("a compressed variable that is no array");
                size = inner.size;
            }
            variables_.push_back({elements.matrix(size).name, at});
            if (variables_.size() > kMostVariables) fail("too many variables");
        }
        at = next;
    }
}

std::vector<std::string> MatFile::names() const {
    std::vector<std::string> names;
    for (const Variable& variable : variables_) names.push_back(variable.name);
    return names;
}

std::optional<MatCells> MatFile::cells(std::string_view name) const {
    const auto found = std::ranges::find(variables_, name, &Variable::name);
    if (found == variables_.end()) return std::nullopt;
    ByteStream stream(input_);
    stream.seek(found->offset);
    std::uint32_t tag[2];
    std::memcpy(tag, stream.next().data(), sizeof tag);
    if (swapped_)
        for (std::uint32_t& word : tag) word = __builtin_bswap32(word);
    const bool compressed = tag[0] == kCompressed;
    auto state =
        std::make_unique<MatCells::State>(input_, found->offset + 8, tag[1], compressed, swapped_);
    std::uint32_t size = tag[1];
    if (compressed) {
        std::uint32_t outside = UINT32_MAX;
        size = state->elements.tag(outside).size;
    }
    const MatrixHead head = state->elements.matrix(size);
    if (head.kind != kCellClass)
        core::fail(ErrorCode::malformed, input_.path, ": ", name, " is no cell array");
    state->dimensions = head.dimensions;
    std::uint64_t count = 1;
    for (const std::uint32_t extent : head.dimensions)
        count = std::min<std::uint64_t>(count * extent, UINT32_MAX);
    state->count = count;
    return MatCells(std::move(state));
}

}  // namespace dbnet::formats
