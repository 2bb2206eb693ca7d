#include "model/tensor.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/error.hpp"
#include "model/half.hpp"

namespace dbnet::model {

static_assert(std::endian::native == std::endian::little, "tensors hold little-endian elements");

namespace {

/// Element types that C++ does not have.
struct Half {
    std::uint16_t bits;
};
struct BrainFloat {
    std::uint16_t bits;
};

/// Calls `use` with a value of the C++ type that holds an element of `type`.
template <typename Use>
auto with_element_type(DataType type, Use use) {
    switch (type) {
        case DataType::f32: return use(float{});
        case DataType::f16: return use(Half{});
        case DataType::bf16: return use(BrainFloat{});
        case DataType::f64: return use(double{});
        case DataType::i8: return use(std::int8_t{});
        case DataType::u8: return use(std::uint8_t{});
        case DataType::i32: return use(std::int32_t{});
        case DataType::i64: return use(std::int64_t{});
        case DataType::boolean: return use(bool{});
    }
    core::fail(ErrorCode::internal, "unknown element type ", static_cast<int>(type));
}

float widen(Half value) { return f16_to_f32(value.bits); }
float widen(BrainFloat value) { return bf16_to_f32(value.bits); }
template <typename T>
T widen(T value) {
    return value;
}

/// Towards zero, saturating; NaN gives 0.
template <typename To, typename From>
To to_integer(From value) {
    using Limits = std::numeric_limits<To>;
    if constexpr (std::is_floating_point_v<From>) {
        if (std::isnan(value)) return 0;
        if (value <= static_cast<From>(Limits::min())) return Limits::min();
        if (value >= static_cast<From>(Limits::max())) return Limits::max();
        return static_cast<To>(value);
    } else {
        return static_cast<To>(value);
    }
}

template <typename To, typename From>
To convert(From value) {
    const auto wide = widen(value);
    if constexpr (std::is_same_v<To, Half>)
        return {f32_to_f16(static_cast<float>(wide))};
    else if constexpr (std::is_same_v<To, BrainFloat>)
        return {f32_to_bf16(static_cast<float>(wide))};
    else if constexpr (std::is_same_v<To, bool>)
        return wide != 0;
    else if constexpr (std::is_integral_v<To>)
        return to_integer<To>(wide);
    else
        return static_cast<To>(wide);
}

/// A boolean's byte may hold anything in a file; only 0 and 1 are values of a bool.
template <typename T>
T load(const std::byte* source) {
    if constexpr (std::is_same_v<T, bool>) {
        return *source != std::byte{0};
    } else {
        T value;
        std::memcpy(&value, source, sizeof(T));
        return value;
    }
}

template <typename T>
std::vector<std::byte> copy_bytes(std::span<const T> values) {
    const auto bytes = std::as_bytes(values);
    return {bytes.begin(), bytes.end()};
}

template <typename T>
std::span<const T> elements(const Tensor& tensor, DataType type) {
    if (tensor.type() != type)
        core::fail(ErrorCode::internal, "tensor of type ", to_string(tensor.type()), " used as ",
                   to_string(type));
    return {reinterpret_cast<const T*>(tensor.bytes().data()),
            static_cast<std::size_t>(tensor.size())};
}

}  // namespace

std::size_t size_of(DataType type) noexcept {
    switch (type) {
        case DataType::f64:
        case DataType::i64: return 8;
        case DataType::f32:
        case DataType::i32: return 4;
        case DataType::f16:
        case DataType::bf16: return 2;
        case DataType::i8:
        case DataType::u8:
        case DataType::boolean: return 1;
    }
    return 0;
}

std::string_view to_string(DataType type) noexcept {
    switch (type) {
        case DataType::f32: return "f32";
        case DataType::f16: return "f16";
        case DataType::bf16: return "bf16";
        case DataType::f64: return "f64";
        case DataType::i8: return "i8";
        case DataType::u8: return "u8";
        case DataType::i32: return "i32";
        case DataType::i64: return "i64";
        case DataType::boolean: return "boolean";
    }
    return "?";
}

std::string to_string(const Dims& dims) {
    std::string text = "[";
    for (const std::int64_t extent : dims) {
        if (text.size() > 1) text += ", ";
        text += extent < 0 ? "?" : std::to_string(extent);
    }
    return text + "]";
}

std::int64_t element_count(const Dims& dims, std::int64_t limit) {
    std::int64_t count = 1;
    bool overflow = false;
    for (const std::int64_t extent : dims) {
        if (extent < 0)
            core::fail(ErrorCode::malformed, "negative extent ", extent, " in a shape of ",
                       dims.size(), " dimensions");
        overflow |= __builtin_mul_overflow(count, extent, &count);
    }
    // An extent of zero makes the tensor empty, however large the others are.
    if (std::find(dims.begin(), dims.end(), 0) != dims.end()) return 0;
    if (overflow || count > limit)
        core::fail(ErrorCode::too_large, "shape ", to_string(dims), " has more than ", limit,
                   " elements");
    return count;
}

Tensor::Tensor(DataType type, Dims dims, std::vector<std::byte> bytes)
    : type_(type), dims_(std::move(dims)), size_(element_count(dims_)) {
    const auto expected = static_cast<std::size_t>(size_) * size_of(type_);
    if (bytes.size() != expected)
        core::fail(ErrorCode::malformed, "a tensor ", to_string(type_), to_string(dims_), " needs ",
                   expected, " bytes, not ", bytes.size());
    bytes_ = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
}

Tensor Tensor::of(Dims dims, std::span<const float> values) {
    return {DataType::f32, std::move(dims), copy_bytes(values)};
}

Tensor Tensor::of(Dims dims, std::span<const std::int64_t> values) {
    return {DataType::i64, std::move(dims), copy_bytes(values)};
}

Tensor Tensor::scalar(float value) { return of({}, std::span<const float>(&value, 1)); }

Tensor Tensor::scalar(std::int64_t value) {
    return of({}, std::span<const std::int64_t>(&value, 1));
}

std::span<const std::byte> Tensor::bytes() const noexcept {
    if (!bytes_) return {};
    return *bytes_;
}

std::span<const float> Tensor::f32() const { return elements<float>(*this, DataType::f32); }

std::span<const std::int64_t> Tensor::i64() const {
    return elements<std::int64_t>(*this, DataType::i64);
}

Tensor Tensor::cast(DataType type) const {
    if (type == type_) return *this;
    std::vector<std::byte> converted(static_cast<std::size_t>(size_) * size_of(type));
    with_element_type(type_, [&](auto from) {
        with_element_type(type, [&](auto to) {
            using From = decltype(from);
            using To = decltype(to);
            const std::byte* source = bytes().data();
            std::byte* target = converted.data();
            for (std::int64_t i = 0; i < size_; ++i) {
                const To value = convert<To>(load<From>(source + i * sizeof(From)));
                std::memcpy(target + i * sizeof(To), &value, sizeof(To));
            }
        });
    });
    return {type, dims_, std::move(converted)};
}

bool operator==(const Tensor& a, const Tensor& b) {
    return a.type() == b.type() && a.dims() == b.dims() && std::ranges::equal(a.bytes(), b.bytes());
}

}  // namespace dbnet::model
