#include "engine/cpu/packed_weights.hpp"

#include <cstring>

#include "core/error.hpp"

namespace dbnet::engine::cpu {

const float* PackedWeights::dense(const std::string& key, std::size_t count,
                                  const std::function<std::vector<float>()>& make) {
    return find_or_pack(key, std::nullopt, count, make);
}

const float* PackedWeights::packed(const std::string& key, const Primitive& primitive,
                                   const std::function<std::vector<float>()>& make) {
    const WeightsLayout layout(primitive);
    return find_or_pack(key, layout, layout.count(), make);
}

const float* PackedWeights::find_or_pack(const std::string& key,
                                         const std::optional<WeightsLayout>& layout,
                                         std::size_t count,
                                         const std::function<std::vector<float>()>& make) {
    const std::lock_guard lock(mutex_);
    const auto check = [&](std::size_t found) {
        if (found != count)
            core::fail(ErrorCode::internal, "packed weights '", key, "' have ", found,
                       " numbers instead of ", count);
    };
    const auto [first, last] = entries_.equal_range(key);
    for (auto entry = first; entry != last; ++entry) {
        if (entry->second.layout != layout) continue;
        check(entry->second.count);
        return reinterpret_cast<const float*>(entry->second.memory.get());
    }

    const std::vector<float> values = make();
    check(values.size());
    const std::size_t bytes = layout ? layout->bytes() : values.size() * sizeof(float);
    core::Memory memory = core::allocate(bytes);
    if (layout)
        layout->pack(values.data(), memory.get());
    else
        std::memcpy(memory.get(), values.data(), bytes);
    bytes_ += bytes;
    const auto added = entries_.emplace(key, Entry{layout, count, std::move(memory)});
    return reinterpret_cast<const float*>(added->second.memory.get());
}

std::size_t PackedWeights::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

std::size_t PackedWeights::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace dbnet::engine::cpu
