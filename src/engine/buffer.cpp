#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "core/memory.hpp"
#include "engine/backend.hpp"

namespace dbnet::engine {
namespace {

bool fits(const model::Dims& dims, const model::Dims& declared) {
    const auto matches = [](std::int64_t extent, std::int64_t wanted) {
        return extent > 0 && (wanted < 0 || extent == wanted);
    };
    return std::equal(dims.begin(), dims.end(), declared.begin(), declared.end(), matches);
}

template <typename T>
std::span<T> elements(const Buffer& buffer, model::DataType type) {
    if (buffer.device() != Device::cpu || buffer.type() != type)
        core::fail(ErrorCode::internal, "buffer of ", to_string(buffer.type()), " ",
                   model::to_string(buffer.dims()), " read as ", to_string(type), " on the host");
    return {static_cast<T*>(buffer.data()), static_cast<std::size_t>(buffer.size())};
}

}  // namespace

Buffer::Buffer(Device device, model::DataType type, model::Dims dims, std::shared_ptr<void> data)
    : device_(device),
      type_(type),
      dims_(std::move(dims)),
      size_(model::element_count(dims_)),
      data_(std::move(data)) {}

Buffer Buffer::host(model::DataType type, model::Dims dims) {
    const auto bytes = static_cast<std::size_t>(model::element_count(dims)) * model::size_of(type);
    return {Device::cpu, type, std::move(dims), std::shared_ptr<std::byte>(core::allocate(bytes))};
}

std::span<float> Buffer::f32() const { return elements<float>(*this, model::DataType::f32); }

std::span<std::int64_t> Buffer::i64() const {
    return elements<std::int64_t>(*this, model::DataType::i64);
}

Buffer buffer_of(const model::Tensor& tensor) {
    const auto owner = std::make_shared<model::Tensor>(tensor);
    void* bytes = const_cast<std::byte*>(owner->bytes().data());
    return {Device::cpu, tensor.type(), tensor.dims(), std::shared_ptr<void>(owner, bytes)};
}

model::Tensor tensor_of(const Buffer& buffer) {
    std::vector<std::byte> bytes(buffer.bytes());
    if (!bytes.empty()) std::memcpy(bytes.data(), buffer.data(), bytes.size());
    return {buffer.type(), buffer.dims(), std::move(bytes)};
}

void check_inputs(const model::Graph& graph, Device device, std::span<const Buffer> inputs) {
    if (inputs.size() != graph.inputs.size())
        core::fail(ErrorCode::invalid_argument, "the network takes ", graph.inputs.size(),
                   " inputs, got ", inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const model::ValueInfo& declared = graph.inputs[i];
        const Buffer& given = inputs[i];
        if (given.device() != device || given.data() == nullptr)
            core::fail(ErrorCode::invalid_argument, "input '", declared.name,
                       "' is not in the memory of the backend's device");
        if (given.type() != declared.type || !fits(given.dims(), declared.dims))
            core::fail(ErrorCode::invalid_argument, "input '", declared.name, "' is ",
                       to_string(given.type()), " ", model::to_string(given.dims()), ", expected ",
                       to_string(declared.type), " ", model::to_string(declared.dims));
    }
}

void copy_on_host(const Buffer& from, const Buffer& to) {
    if (from.device() != Device::cpu || to.device() != Device::cpu || from.type() != to.type() ||
        from.dims() != to.dims())
        core::fail(ErrorCode::invalid_argument, "cannot copy ", to_string(from.type()), " ",
                   model::to_string(from.dims()), " to ", to_string(to.type()), " ",
                   model::to_string(to.dims()), " on the host");
    if (from.bytes() > 0) std::memcpy(to.data(), from.data(), from.bytes());
}

}  // namespace dbnet::engine
