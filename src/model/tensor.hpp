#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbnet::model {

/// Element types that a Graph may hold. ONNX's remaining ones are refused by the reader.
enum class DataType : std::uint8_t { f32, f16, bf16, f64, i8, u8, i32, i64, boolean };

std::size_t size_of(DataType type) noexcept;         ///< bytes per element
std::string_view to_string(DataType type) noexcept;  ///< "f32", "i64", ...

/// Extents of a tensor, outermost first (NCHW for images). A negative value is a dimension not
/// known yet.
using Dims = std::vector<std::int64_t>;

std::string to_string(const Dims& dims);  ///< "[1, 3, ?, ?]"

/// Product of the extents; throws Error{too_large} on overflow or beyond `limit`, Error{malformed}
/// on a negative extent.
std::int64_t element_count(const Dims& dims, std::int64_t limit = std::int64_t{1} << 33);

/// A constant: typed, shaped, dense (C order), immutable and cheap to copy (copies share the
/// bytes).
class Tensor {
public:
    Tensor() = default;
    /// Takes the bytes; throws Error{malformed} unless there are element_count(dims) *
    /// size_of(type) of them.
    Tensor(DataType type, Dims dims, std::vector<std::byte> bytes);

    static Tensor of(Dims dims, std::span<const float> values);
    static Tensor of(Dims dims, std::span<const std::int64_t> values);
    static Tensor scalar(float value);
    static Tensor scalar(std::int64_t value);

    DataType type() const noexcept { return type_; }
    const Dims& dims() const noexcept { return dims_; }
    std::int64_t size() const noexcept { return size_; }
    std::span<const std::byte> bytes() const noexcept;

    /// The elements, which must be of that type (Error{internal} otherwise).
    std::span<const float> f32() const;
    std::span<const std::int64_t> i64() const;

    /// A copy converted to another type, as ONNX Cast does: numbers to nearest (ties to even) among
    /// floating-point types, towards zero and saturating from those to integers.
    Tensor cast(DataType type) const;

private:
    DataType type_ = DataType::f32;
    Dims dims_;
    std::int64_t size_ = 0;
    std::shared_ptr<const std::vector<std::byte>> bytes_;
};

/// Same type, extents and bytes.
bool operator==(const Tensor& a, const Tensor& b);

}  // namespace dbnet::model
