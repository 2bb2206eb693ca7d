#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "engine/backend.hpp"
#include "model/attributes.hpp"
#include "model/node_error.hpp"
#include "model/operators.hpp"

// What the operators of the oracle are written with.
namespace dbnet::engine::reference {

/// One node and the values of its inputs.
struct Call {
    const model::Node& node;
    std::span<const Buffer> inputs;

    bool has(std::size_t index) const {
        return index < inputs.size() && !node.inputs[index].empty();
    }

    const Buffer& operator[](std::size_t index) const {
        if (!has(index)) fail(ErrorCode::malformed, "input ", index, " is missing");
        return inputs[index];
    }

    /// The elements of an integer input (axes, starts, sizes); none if it is left out.
    std::vector<std::int64_t> ints(std::size_t index) const {
        return has(index) ? model::integers(tensor_of(inputs[index])) : std::vector<std::int64_t>{};
    }

    template <typename... Args>
    [[noreturn]] void fail(ErrorCode code, const Args&... args) const {
        model::fail_node(code, node, args...);
    }
};

/// The elements as T, unchecked: the caller has looked at type().
template <typename T>
std::span<T> elements(const Buffer& buffer) {
    return {static_cast<T*>(buffer.data()), static_cast<std::size_t>(buffer.size())};
}

/// Calls f with a zero of the element type of `type`: one of those that arithmetic is done in.
template <typename F>
auto with_number(const Call& call, model::DataType type, F&& f) {
    using model::DataType;
    switch (type) {
        case DataType::f32: return f(float{});
        case DataType::f64: return f(double{});
        case DataType::i8: return f(std::int8_t{});
        case DataType::u8: return f(std::uint8_t{});
        case DataType::i32: return f(std::int32_t{});
        case DataType::i64: return f(std::int64_t{});
        default: call.fail(ErrorCode::unsupported, "no arithmetic on ", to_string(type));
    }
}

/// As above for operators that are defined on floating-point numbers only.
template <typename F>
auto with_real(const Call& call, model::DataType type, F&& f) {
    if (type == model::DataType::f32) return f(float{});
    if (type == model::DataType::f64) return f(double{});
    call.fail(ErrorCode::unsupported, "no arithmetic on ", to_string(type), " but on f32 and f64");
}

using Index = std::array<std::int64_t, model::kMaxRank>;

/// Visits all indices of `dims` (at most kMaxRank of them) in C order: f(index).
template <typename F>
void for_each_index(const model::Dims& dims, F&& f) {
    const std::int64_t count = model::element_count(dims);
    Index index{};
    for (std::int64_t n = 0; n < count; ++n) {
        f(std::as_const(index));
        for (std::size_t axis = dims.size(); axis-- > 0;) {
            if (++index[axis] < dims[axis]) break;
            index[axis] = 0;
        }
    }
}

/// Product of the extents of axes first..last-1.
std::int64_t product(const model::Dims& dims, std::size_t first, std::size_t last);

/// Distances, in elements, between neighbours along each axis of a dense value.
Index strides_of(const model::Dims& dims);

/// As above for a value that is broadcast to `rank` axes: 0 along those it is repeated on.
Index broadcast_strides(const model::Dims& dims, std::size_t rank);

/// Place of the element at `index`, in elements.
inline std::int64_t offset_of(const Index& index, const Index& strides, std::size_t rank) {
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < rank; ++axis) offset += index[axis] * strides[axis];
    return offset;
}

/// A zero of any type.
inline constexpr std::array<std::byte, sizeof(double)> kZero{};

/// An output of extents `dims` and the input's type whose element at `index` is the input's element
/// number source(index), or the one at `fill` where that is negative.
template <typename Source>
Buffer rearranged(const Buffer& input, model::Dims dims, Source&& source,
                  const void* fill = kZero.data()) {
    Buffer output = Buffer::host(input.type(), std::move(dims));
    const std::size_t size = model::size_of(input.type());
    const auto* from = static_cast<const std::byte*>(input.data());
    auto* to = static_cast<std::byte*>(output.data());
    for_each_index(output.dims(), [&](const Index& index) {
        const std::int64_t element = source(index);
        std::memcpy(to, element < 0 ? fill : from + static_cast<std::size_t>(element) * size, size);
        to += size;
    });
    return output;
}

/// The same elements under other extents, in memory of their own.
Buffer reshaped(const Buffer& input, model::Dims dims);

}  // namespace dbnet::engine::reference
