#include "model/onnx_tensor.hpp"

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "core/error.hpp"
#include "model/operators.hpp"

namespace dbnet::model {
namespace {

namespace fs = std::filesystem;

std::int64_t parse_number(const std::string& text, std::string_view what) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number < 0)
        core::fail(ErrorCode::malformed, "external data: '", text, "' is no ", what);
    return number;
}

/// Where the bytes of an external tensor are.
struct Location {
    std::string file;
    std::int64_t offset = 0;
    std::optional<std::int64_t> length;
};

Location parse_location(const onnx::TensorProto& tensor) {
    Location location;
    for (const auto& entry : tensor.external_data()) {
        if (entry.key() == "location") location.file = entry.value();
        if (entry.key() == "offset") location.offset = parse_number(entry.value(), "offset");
        if (entry.key() == "length") location.length = parse_number(entry.value(), "length");
    }
    return location;
}

/// The elements of a typed field of the message, as T.
template <typename T, typename Field>
std::vector<std::byte> pack(const Field& field) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(field.size()) * sizeof(T));
    std::byte* target = bytes.data();
    for (const auto element : field) {
        const T value = static_cast<T>(element);
        std::memcpy(target, &value, sizeof(T));
        target += sizeof(T);
    }
    return bytes;
}

std::vector<std::byte> typed_bytes(const onnx::TensorProto& tensor, DataType type) {
    switch (type) {
        case DataType::f32: return pack<float>(tensor.float_data());
        case DataType::f64: return pack<double>(tensor.double_data());
        case DataType::i64: return pack<std::int64_t>(tensor.int64_data());
        case DataType::i32: return pack<std::int32_t>(tensor.int32_data());
        case DataType::f16:
        case DataType::bf16: return pack<std::uint16_t>(tensor.int32_data());
        case DataType::i8:
        case DataType::u8:
        case DataType::boolean: return pack<std::uint8_t>(tensor.int32_data());
    }
    core::fail(ErrorCode::internal, "unknown element type");
}

std::vector<std::byte> raw_bytes(onnx::TensorProto& tensor) {
    const std::string& raw = tensor.raw_data();
    const auto* data = reinterpret_cast<const std::byte*>(raw.data());
    std::vector<std::byte> bytes(data, data + raw.size());
    delete tensor.release_raw_data();
    return bytes;
}

Dims read_dims(const onnx::TensorProto& tensor) {
    if (static_cast<std::size_t>(tensor.dims_size()) > kMaxRank)
        core::fail(ErrorCode::unsupported, "it has ", tensor.dims_size(), " dimensions; at most ",
                   kMaxRank, " are supported");
    return {tensor.dims().begin(), tensor.dims().end()};
}

DataType read_type(const onnx::TensorProto& tensor) {
    if (tensor.has_segment()) core::fail(ErrorCode::unsupported, "it is stored in segments");
    const auto type = data_type_from_onnx(tensor.data_type());
    if (!type)
        core::fail(ErrorCode::unsupported, "element type ", tensor.data_type(),
                   " is not supported (supported: f32, f16, bf16, f64, i8, u8, i32, i64, boolean)");
    return *type;
}

}  // namespace

ExternalData::ExternalData(std::string folder, std::int64_t budget)
    : folder_(std::move(folder)), budget_(budget) {}

std::string ExternalData::path_of(const std::string& location) const {
    if (folder_.empty())
        core::fail(ErrorCode::unsupported, "its weights are in another file ('", location,
                   "'), which a model in memory cannot have");
    const fs::path relative(location);
    bool inside = !relative.empty() && relative.is_relative();
    for (const fs::path& part : relative) inside = inside && part != "..";
    std::error_code error;
    const fs::path root = fs::canonical(folder_, error);
    const fs::path path = error || !inside ? fs::path() : fs::canonical(root / relative, error);
    if (inside && error)
        core::fail(ErrorCode::io, "external data '", location, "': ", error.message());
    inside = inside &&
             std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
    if (!inside)
        core::fail(ErrorCode::malformed, "external data '", location,
                   "' is not inside the model's folder");
    if (!fs::is_regular_file(path, error))
        core::fail(ErrorCode::io, "external data '", location, "' is not a regular file");
    return path.string();
}

std::vector<std::byte> ExternalData::read(const onnx::TensorProto& tensor,
                                          std::size_t expected_bytes) {
    const Location location = parse_location(tensor);
    const std::string path = path_of(location.file);
    const auto expected = static_cast<std::int64_t>(expected_bytes);
    const auto file_size = static_cast<std::int64_t>(fs::file_size(path));
    if (location.length.value_or(expected) != expected)
        core::fail(ErrorCode::malformed, "external data '", location.file, "': length ",
                   *location.length, ", but the shape needs ", expected, " bytes");
    if (location.offset > file_size || expected > file_size - location.offset)
        core::fail(ErrorCode::malformed, "external data '", location.file, "' ends at ", file_size,
                   "; ", expected, " bytes at ", location.offset, " needed");
    if (expected > budget_)
        core::fail(ErrorCode::too_large, "the external weights exceed the limit on a model's size");
    budget_ -= expected;
    std::vector<std::byte> bytes(expected_bytes);
    std::ifstream file(path, std::ios::binary);
    file.seekg(location.offset);
    file.read(reinterpret_cast<char*>(bytes.data()), expected);
    if (!file) core::fail(ErrorCode::io, "external data '", location.file, "' cannot be read");
    return bytes;
}

Tensor read_tensor(onnx::TensorProto& tensor, ExternalData& external) {
    try {
        const DataType type = read_type(tensor);
        Dims dims = read_dims(tensor);
        const auto size = static_cast<std::size_t>(element_count(dims)) * size_of(type);
        if (tensor.data_location() == onnx::TensorProto::EXTERNAL)
            return {type, std::move(dims), external.read(tensor, size)};
        return {type, std::move(dims),
                tensor.has_raw_data() ? raw_bytes(tensor) : typed_bytes(tensor, type)};
    } catch (const Error& error) {
        core::fail(error.code(), "tensor '", tensor.name(), "': ", error.what());
    }
}

void write_tensor(const Tensor& tensor, onnx::TensorProto& message) {
    message.set_data_type(static_cast<std::int32_t>(onnx_type_number(tensor.type())));
    for (const std::int64_t extent : tensor.dims()) message.add_dims(extent);
    message.set_raw_data(tensor.bytes().data(), tensor.bytes().size());
}

}  // namespace dbnet::model
