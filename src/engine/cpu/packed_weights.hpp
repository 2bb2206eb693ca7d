#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/memory.hpp"
#include "engine/cpu/onednn_compat.hpp"

namespace dbnet::engine::cpu {

/// The key of a parameter packed in a certain way: its name, the way, and the numbers that, beside
/// the parameter itself, say what comes out.
template <typename... Numbers>
std::string packing_key(const std::string& parameter, std::string_view way, Numbers... numbers) {
    std::string key = parameter + '\n' + std::string(way);
    ((key += ' ' + std::to_string(numbers)), ...);
    return key;
}

/// Parameters in the layouts that kernels want, each packed once however many plans and lanes use
/// it. Thread-safe; the memory stays where it is until the object goes.
class PackedWeights {
public:
    /// `count` dense numbers as they are: `make` is called on the first use of `key`, which says
    /// all that they depend on (packing_key()). Error{internal} where there are not so many.
    const float* dense(const std::string& key, std::size_t count,
                       const std::function<std::vector<float>()>& make);
    /// As above, packed for a primitive; make() returns as many numbers as it takes dense weights.
    const float* packed(const std::string& key, const Primitive& primitive,
                        const std::function<std::vector<float>()>& make);
    std::size_t bytes() const;
    /// Number of packed parameters.
    std::size_t size() const;

private:
    struct Entry {
        std::optional<WeightsLayout> layout;  ///< none: dense
        std::size_t count = 0;                ///< numbers that it was made of
        core::Memory memory;
    };

    const float* find_or_pack(const std::string& key, const std::optional<WeightsLayout>& layout,
                              std::size_t count, const std::function<std::vector<float>()>& make);

    mutable std::mutex mutex_;
    std::multimap<std::string, Entry> entries_;
    std::size_t bytes_ = 0;
};

}  // namespace dbnet::engine::cpu
