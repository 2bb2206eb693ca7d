#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/memory.hpp"
#include "engine/cpu/onednn_compat.hpp"

namespace dbnet::engine::cpu {

/// Parameters in the layouts that kernels want, each packed once however many plans and lanes use
/// it. Thread-safe; the memory stays where it is until the object goes.
class PackedWeights {
public:
    /// Dense numbers as they are: `make` is called on the first use of `key`.
    const float* dense(const std::string& key, const std::function<std::vector<float>()>& make);
    /// As above, packed for a primitive. `key` names what make() returns.
    const float* packed(const std::string& key, const Primitive& primitive,
                        const std::function<std::vector<float>()>& make);
    std::size_t bytes() const;
    /// Number of packed parameters.
    std::size_t size() const;

private:
    struct Entry {
        std::optional<WeightsLayout> layout;  ///< none: dense
        core::Memory memory;
    };

    const float* find_or_pack(const std::string& key, const std::optional<WeightsLayout>& layout,
                              const std::function<std::vector<float>()>& make);

    mutable std::mutex mutex_;
    std::multimap<std::string, Entry> entries_;
    std::size_t bytes_ = 0;
};

}  // namespace dbnet::engine::cpu
