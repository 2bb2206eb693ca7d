#include "engine/reference/call.hpp"

namespace dbnet::engine::reference {

std::int64_t product(const model::Dims& dims, std::size_t first, std::size_t last) {
    std::int64_t result = 1;
    for (std::size_t axis = first; axis < last; ++axis) result *= dims[axis];
    return result;
}

Index strides_of(const model::Dims& dims) {
    Index strides{};
    std::int64_t stride = 1;
    for (std::size_t axis = dims.size(); axis-- > 0; stride *= dims[axis]) strides[axis] = stride;
    return strides;
}

Index broadcast_strides(const model::Dims& dims, std::size_t rank) {
    const Index dense = strides_of(dims);
    const std::size_t added = rank - dims.size();
    Index strides{};
    for (std::size_t axis = 0; axis < dims.size(); ++axis)
        strides[added + axis] = dims[axis] == 1 ? 0 : dense[axis];
    return strides;
}

Buffer reshaped(const Buffer& input, model::Dims dims) {
    Buffer output = Buffer::host(input.type(), std::move(dims));
    if (output.bytes() > 0) std::memcpy(output.data(), input.data(), output.bytes());
    return output;
}

}  // namespace dbnet::engine::reference
